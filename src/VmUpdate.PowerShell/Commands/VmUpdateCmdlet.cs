using System.Management.Automation;
using VmUpdate.Core.Identity;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of every cmdlet of this module: Ctrl+C, work off the pipeline's thread, and failures of one item that spare the next.</summary>
public abstract class VmUpdateCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Cancelled when the user presses Ctrl+C or the pipeline stops for another reason.</summary>
    protected CancellationToken StopToken => _stopping.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the cmdlet holds.</summary>
    /// <param name="disposing"><see langword="false"/> when called by a finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stopping.Dispose();
        }
    }

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => _stopping.Cancel();

    /// <summary>Does the work for one input; a failure of that input is written, and the pipeline goes on.</summary>
    /// <param name="target">The input: the error record's target object.</param>
    /// <param name="work">The work. What it throws of other kinds is a bug, and ends the pipeline.</param>
    protected void ForEachTarget(object target, Action work)
    {
        try
        {
            work();
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (VmUpdateException failure)
        {
            WriteError(ErrorTable.Record(failure, target));
        }
    }

    /// <summary>Does what all inputs need; without it nothing can be done, so its failure ends the pipeline.</summary>
    /// <param name="target">What it is about: the error record's target object.</param>
    /// <param name="work">The work.</param>
    /// <returns>What the work returned.</returns>
    protected T ForAllTargets<T>(object target, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (VmUpdateException failure)
        {
            ThrowTerminatingError(ErrorTable.Record(failure, target));
            throw; // never reached: the line above throws
        }
    }

    /// <summary>Runs work on the thread pool while this thread, the pipeline's, writes what the work posts.</summary>
    /// <param name="work">The work; what it hands to the pump is done on the pipeline's thread, in order.</param>
    /// <returns>What the work returned.</returns>
    internal T Await<T>(Func<PipelinePump, CancellationToken, Task<T>> work)
    {
        using var pump = new PipelinePump();
        return pump.Run(work, StopToken);
    }

    /// <summary>Waits for work that has nothing to say meanwhile.</summary>
    /// <param name="work">The work.</param>
    /// <returns>What the work returned.</returns>
    protected T Await<T>(Func<CancellationToken, Task<T>> work) => Await((_, stop) => work(stop));

    /// <summary>Waits for work that says how far it is, and shows that.</summary>
    /// <param name="activity">What the progress bar says is going on.</param>
    /// <param name="work">The work; it is handed what it tells: what it is at, and how many percent are done, -1 where nobody knows.</param>
    /// <returns>What the work returned.</returns>
    protected T AwaitShown<T>(string activity, Func<Action<string, int>, CancellationToken, Task<T>> work)
    {
        try
        {
            return Await((pump, stop) => work((status, percent) => pump.Post(() => Show(status, percent)), stop));
        }
        finally
        {
            if (!StopToken.IsCancellationRequested)
            {
                WriteProgress(new ProgressRecord(1, activity, "Done") { RecordType = ProgressRecordType.Completed });
            }
        }

        void Show(string status, int percent) => WriteProgress(new ProgressRecord(1, activity, status) { PercentComplete = percent });
    }

    /// <summary>Waits for work that copies an image into a new file and reads that back, and shows how far it is.</summary>
    /// <param name="activity">What the progress bar says is going on.</param>
    /// <param name="destination">The new file.</param>
    /// <param name="work">The work; it is handed what it tells: how many percent are copied.</param>
    /// <returns>What the work returned.</returns>
    protected T AwaitCopy<T>(string activity, string destination, Func<Action<int>, CancellationToken, T> work) => AwaitShown(
        activity,
        (show, stop) => Task.Run(
            () => work(percent => show(percent < 100 ? $"Copying to '{destination}'" : $"Reading '{destination}' back", percent), stop), stop));

    /// <summary>The full path of a file or folder the user named.</summary>
    /// <param name="path">As the user typed it: relative to the session's location, or on one of its drives.</param>
    /// <returns>The full path; nothing need exist there.</returns>
    protected string ResolvePath(string path)
    {
        string full;
        ProviderInfo provider;
        try
        {
            full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _);
        }
        catch (Exception failure) when (failure is System.Management.Automation.DriveNotFoundException or ProviderNotFoundException)
        {
            ThrowTerminatingError(CommandErrors.PathNotFileSystem(path, failure));
            throw;
        }

        if (provider.Name != "FileSystem")
        {
            ThrowTerminatingError(CommandErrors.PathNotFileSystem(path, inner: null));
        }

        return full;
    }

    /// <summary>The catalogue of what counts as identity, with the sets that the user named.</summary>
    /// <param name="paths">Files and folders as the user typed them; <see langword="null"/> for the shipped sets alone.</param>
    /// <returns>The catalogue.</returns>
    private protected IdentityCatalogue LoadCatalogue(string[]? paths)
    {
        if (paths is null)
        {
            return IdentityCatalogue.LoadBuiltIn();
        }

        string[] full = [.. paths.Select(ResolvePath)];
        return ForAllTargets(paths, () => IdentityCatalogue.Load(HostSession.Files, full));
    }

    /// <summary>Asks, or says what would be done; <c>-Force</c> skips the question and nothing else.</summary>
    /// <param name="description">What would be done, for <c>-WhatIf</c> and <c>-Verbose</c>.</param>
    /// <param name="question">The question.</param>
    /// <param name="force">Whether the cmdlet was given <c>-Force</c>.</param>
    /// <returns>Whether to go on.</returns>
    protected bool Confirmed(string description, string question, bool force)
    {
        if (force && !MyInvocation.BoundParameters.ContainsKey("Confirm") && !IsWhatIf)
        {
            WriteVerbose(description);
            return true;
        }

        return ShouldProcess(description, question, "Confirm");
    }

    /// <summary>Whether nothing may be changed.</summary>
    protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? bound)
        ? LanguagePrimitives.IsTrue(bound)
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference", false));
}
