using VmUpdate.GuestAgent.Trigger;
using VmUpdate.GuestAgent.UpdateAgents;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Linux;

/// <summary>Programs of the system that do what the agent is asked for.</summary>
internal static class Helper
{
    private const int MaxLines = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Runs the first of some programs that is there.</summary>
    /// <param name="calls">Programs and their arguments.</param>
    /// <returns>The lines that it printed.</returns>
    /// <exception cref="VerbException">None of them is there; or it failed.</exception>
    public static IReadOnlyList<string> RunFirst(params string[][] calls)
    {
        foreach (string[] call in calls)
        {
            if (Platform.FindProgram(call[0]) is { } program)
            {
                return Run(program, [.. call.Skip(1)]);
            }
        }

        throw new VerbException(ReplyCodes.NotSupported, $"this system has no {string.Join(" or ", calls.Select(call => call[0]).Distinct())}");
    }

    private static List<string> Run(string program, string[] arguments)
    {
        var lines = new List<string>();
        var call = new ProgramCall(program, arguments, "/")
        {
            OnLine = line =>
            {
                if (lines.Count < MaxLines)
                {
                    lines.Add(line);
                }

                return false;
            },
        };
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            ProgramResult result = ProgramRunner.RunAsync(call, patience.Token).GetAwaiter().GetResult();
            return result.ExitCode == 0
                ? lines
                : throw new VerbException(ReplyCodes.Failed, $"{program} ended with the exit code {result.ExitCode}: {result.Output}");
        }
        catch (OperationCanceledException)
        {
            throw new VerbException(ReplyCodes.Failed, $"{program} did not end in {Patience.TotalSeconds} s");
        }
        catch (IOException failure)
        {
            throw new VerbException(ReplyCodes.Failed, failure.Message);
        }
    }
}
