using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;

namespace VmUpdate.Shell;

/// <summary>One engine with the module and the everyday commands in it, and one thing run at a time.</summary>
internal sealed class ShellSession : IDisposable
{
    private const string LastExitCode = "global:LASTEXITCODE";

    private readonly ShellHost _host;
    private readonly Runspace _runspace;
    private readonly object _gate = new();
    private PowerShell? _running;
    private bool _interrupted;

    internal ShellSession(string manifestPath, bool interactive)
    {
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            // The script was named by whoever started this program, as with PowerShell's own -ExecutionPolicy. Elsewhere there is no policy.
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        }

        state.ThrowOnRunspaceOpenError = true;
        state.ImportPSModule(manifestPath);
        _host = new ShellHost(interactive);
        _runspace = RunspaceFactory.CreateRunspace(_host, state);
        _runspace.Open();
        EverydayCommands.AddTo(_runspace);
        Console.CancelKeyPress += Interrupt;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Console.CancelKeyPress -= Interrupt;
        _runspace.Dispose();
        _host.Dispose();
    }

    /// <summary>Runs a script file.</summary>
    /// <param name="path">The script.</param>
    /// <param name="arguments">Its arguments: <c>-Name value</c>, <c>-Name:value</c>, <c>-Switch</c> and values by position.</param>
    /// <returns>What it passed to <c>exit</c>; else what <see cref="ExitCodes"/> says.</returns>
    internal int RunScript(string path, IReadOnlyList<string> arguments)
    {
        string full = Path.GetFullPath(path);
        if (!File.Exists(full))
        {
            _host.UI.WriteErrorLine($"The script '{full}' does not exist.");
            return ExitCodes.NothingDone;
        }

        var command = new Command(full, isScript: false, useLocalScope: false);
        foreach (CommandParameter argument in ScriptArguments.Read(arguments))
        {
            command.Parameters.Add(argument);
        }

        // A script file's 'exit 2' ends the file and is left in $LASTEXITCODE, where the programs it ran leave theirs, too: so it is
        // believed only when the script has such a statement.
        _runspace.SessionStateProxy.SetVariable(LastExitCode, null);
        int code = Run(shell => shell.Commands.AddCommand(command));
        return code <= ExitCodes.SomeFailed && HasExitStatement(full) && _runspace.SessionStateProxy.GetVariable(LastExitCode) is int chosen
            ? chosen
            : code;
    }

    /// <summary>Runs a line of text.</summary>
    /// <param name="text">The line.</param>
    /// <returns>As <see cref="RunScript"/>.</returns>
    internal int RunCommand(string text) => Run(shell => shell.AddScript(text, useLocalScope: false));

    /// <summary>Reads lines from the keyboard and runs each, until <c>exit</c> or the end of the input.</summary>
    /// <returns>What was passed to <c>exit</c>; else 0.</returns>
    internal int RunPrompt()
    {
        _host.UI.WriteLine("VmUpdate: a small shell, no full PowerShell. Get-Command -Module VmUpdate lists the cmdlets, exit leaves.");
        while (!_host.ExitCode.HasValue)
        {
            Console.Write($"VmUpdate {_runspace.SessionStateProxy.Path.CurrentLocation.Path}> ");
            if (Console.ReadLine() is not { } line)
            {
                break;
            }

            if (line.Trim().Length > 0)
            {
                RunCommand(line);
            }
        }

        return _host.ExitCode ?? ExitCodes.Done;
    }

    private static bool HasExitStatement(string path) =>
        Parser.ParseFile(path, out _, out _).Find(node => node is ExitStatementAst, searchNestedScriptBlocks: true) is not null;

    private int Run(Action<PowerShell> add)
    {
        using PowerShell shell = PowerShell.Create(_runspace);
        add(shell);
        shell.Commands.AddCommand("Out-Default");
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        lock (_gate)
        {
            _interrupted = false;
            _running = shell;
        }

        int code;
        _host.HasShownError = false;
        try
        {
            shell.Invoke();
            code = _host.HasShownError ? ExitCodes.SomeFailed : ExitCodes.Done;
        }
        catch (PipelineStoppedException)
        {
            code = ExitCodes.Interrupted;
        }
        catch (ParseException failure)
        {
            _host.ShowError(failure.ErrorRecord);
            code = ExitCodes.NothingDone;
        }
        catch (RuntimeException failure)
        {
            _host.ShowError(failure.ErrorRecord);
            code = ExitCodes.SomeFailed;
        }
        finally
        {
            lock (_gate)
            {
                _running = null;
            }

            _host.EndProgress();
        }

        return _interrupted ? ExitCodes.Interrupted : _host.ExitCode ?? code;
    }

    /// <summary>Ctrl+C: the pipeline stops in its own time, so that a swap ends at a step; a second one ends the process.</summary>
    private void Interrupt(object? sender, ConsoleCancelEventArgs args)
    {
        lock (_gate)
        {
            if (_running is null || _interrupted)
            {
                return;
            }

            _interrupted = true;
            args.Cancel = true;
            _running.BeginStop(null, null);
        }
    }
}
