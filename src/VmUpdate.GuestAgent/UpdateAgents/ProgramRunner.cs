using System.ComponentModel;
using System.Diagnostics;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>Runs programs to their end.</summary>
internal static class ProgramRunner
{
    private const int LongestOutput = 1500;

    /// <summary>How long output is waited for after a program's end: what it left running may hold its output open.</summary>
    private static readonly TimeSpan OutputPatience = TimeSpan.FromSeconds(1);

    /// <summary>Runs a program.</summary>
    /// <param name="call">The program.</param>
    /// <param name="stop">Ends it, and what it started.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="IOException">It cannot be started.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static async Task<ProgramResult> RunAsync(ProgramCall call, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(call.Program)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = call.Folder,
        };
        Platform.SetArguments(start, call.Arguments);
        if (call.Account.Length > 0)
        {
            start.UserName = call.Account;
        }

        foreach (KeyValuePair<string, string> variable in call.Variables)
        {
            start.Environment[variable.Key] = variable.Value;
        }

        using var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var exited = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => exited.TrySetResult(true);
        try
        {
            process.Start();
        }
        catch (Win32Exception failure)
        {
            throw new IOException($"{call.Program} cannot be started: {failure.Message}", failure);
        }

        using var tree = new ProcessTree(process);
        using CancellationTokenRegistration onStop = stop.Register(tree.Kill);
        var tail = new OutputTail(call.OnLine);
        var output = Task.WhenAll(
            tail.ReadAsync(process.StandardOutput.BaseStream, isStandardOutput: true),
            tail.ReadAsync(process.StandardError.BaseStream, isStandardOutput: false));
        await WriteInputAsync(process, call.Input).ConfigureAwait(false);
        await exited.Task.ConfigureAwait(false);
        await Task.WhenAny(output, Task.Delay(OutputPatience, CancellationToken.None)).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        return new ProgramResult(process.ExitCode, tail.Text(LongestOutput));
    }

    private static async Task WriteInputAsync(Process process, byte[] input)
    {
        try
        {
            await new MemoryStream(input).CopyToAsync(process.StandardInput.BaseStream).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A program need not read what it is given.
        }
    }
}
