using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Shell = System.Management.Automation.PowerShell;

namespace VmUpdate.PowerShell.Tests.Support;

/// <summary>The real engine of PowerShell 7 in this process, with the module imported by its manifest.</summary>
internal sealed class Engine : IDisposable
{
    private readonly Runspace _runspace;

    internal Engine(string? manifest = null)
    {
        var state = InitialSessionState.CreateDefault2();
        state.ThrowOnRunspaceOpenError = true;
        state.ImportPSModule(manifest ?? Repository.Manifest);
        Host = new TestHost();
        _runspace = RunspaceFactory.CreateRunspace(Host, state);
        _runspace.Open();
    }

    internal TestHost Host { get; }

    public void Dispose() => _runspace.Dispose();

    /// <summary>Runs a script. <c>$1</c>, <c>$2</c> … in it are the values.</summary>
    internal RunResult Run(string script, params object[] values)
    {
        using Shell shell = Shell.Create(_runspace);
        return Run(shell, script, values);
    }

    /// <summary>Runs a script that is not expected to write an error.</summary>
    internal RunResult RunWell(string script, params object[] values)
    {
        RunResult result = Run(script, values);
        Assert.True(result.Errors.Count == 0, string.Join(Environment.NewLine, result.Errors.Select(error => $"{error.FullyQualifiedErrorId}: {error}")));
        return result;
    }

    /// <summary>Runs a script and presses Ctrl+C when the condition holds.</summary>
    internal RunResult RunUntil(string script, Func<Shell, bool> condition, params object[] values)
    {
        using Shell shell = Shell.Create(_runspace);
        using var stopper = new Timer(_ =>
        {
            if (condition(shell))
            {
                shell.BeginStop(null, null);
            }
        });
        stopper.Change(TimeSpan.Zero, TimeSpan.FromMilliseconds(5));
        return Run(shell, script, values);
    }

    private static RunResult Run(Shell shell, string script, object[] values)
    {
        for (int index = 0; index < values.Length; index++)
        {
            shell.Runspace.SessionStateProxy.SetVariable($"{index + 1}", values[index]);
        }

        shell.AddScript(script, useLocalScope: false);
        var output = new PSDataCollection<PSObject>();
        RuntimeException? ended = null;
        try
        {
            shell.Invoke(null, output);
        }
        catch (RuntimeException failure)
        {
            ended = failure;
        }

        List<ErrorRecord> errors = [.. shell.Streams.Error];
        if (ended is not null and not PipelineStoppedException && !errors.Contains(ended.ErrorRecord))
        {
            errors.Add(ended.ErrorRecord);
        }

        return new RunResult(
            [.. output],
            errors,
            [.. shell.Streams.Warning.Select(warning => warning.Message)],
            [.. shell.Streams.Verbose.Select(verbose => verbose.Message)],
            [.. shell.Streams.Progress],
            ended is PipelineStoppedException || shell.InvocationStateInfo.State == PSInvocationState.Stopped);
    }
}
