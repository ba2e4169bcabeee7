using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;

namespace VmUpdate.Core.Versions;

/// <summary>
/// The building of one version, step by step. The master that it is made from is only read. Until the version is committed everything that
/// is made can be thrown away; a build that a process left open is gone on with from its task on, and undone before.
/// </summary>
internal sealed partial class VersionBuild
{
    // What nobody foresaw is not undone, since nobody knows what it left: the build stays open, and the next call looks afresh.
    private const string BugId = "Bug";

    private readonly VersionServices _services;
    private readonly UpdaterServices _images;
    private readonly BuildJournal _journal;

    public VersionBuild(BuildRecord build, VersionServices services, Action<BuildProgress> report)
    {
        _services = services;
        _images = services.Images;
        _journal = new BuildJournal(build, _images.Store, _images.Clock, report);
    }

    private BuildRecord Build => _journal.Build;

    private IHypervisor Hypervisor => _images.Hypervisor;

    private IBuildMachines Machines => _services.Machines!;

    /// <summary>Goes all the way from the beginning.</summary>
    /// <param name="payload">What is handed to the agent.</param>
    /// <param name="cancellation">Looked at until the version is committed.</param>
    /// <returns>The version.</returns>
    /// <exception cref="VmUpdateException">What failed. Everything that was made is taken away by then, or is at the next call.</exception>
    public Task<ImageVersion> RunAsync(TaskPayload payload, CancellationToken cancellation) => GuardAsync(
        async () =>
        {
            _journal.Begin(BuildState.Planned, $"{Build.MasterPath} -> {Build.NewPath}");
            PrepareDisk(cancellation);
            await MakeMachineAsync(cancellation).ConfigureAwait(false);
            await GiveTaskAsync(payload, cancellation).ConfigureAwait(false);
            return await GoOnAsync(cancellation).ConfigureAwait(false);
        },
        cancellation);

    /// <summary>Goes on with a build whose task was given.</summary>
    /// <param name="cancellation">As in <see cref="RunAsync"/>.</param>
    /// <returns>The version.</returns>
    /// <exception cref="VmUpdateException">As in <see cref="RunAsync"/>.</exception>
    public Task<ImageVersion> FinishAsync(CancellationToken cancellation) => GuardAsync(() => GoOnAsync(cancellation), cancellation);

    /// <summary>Takes everything away that was made for the build.</summary>
    /// <param name="why">Why.</param>
    /// <returns>Completes when the build has ended.</returns>
    public async Task UndoAsync(string why)
    {
        _journal.Begin(BuildState.RolledBack, why);
        await RemoveMachineAsync().ConfigureAwait(false);
        if (!Build.KeepFailedDisk)
        {
            await Hypervisor.DeleteDiskAsync(Build.DiskPath, CancellationToken.None).ConfigureAwait(false);
        }

        await Hypervisor.DeleteDiskAsync(Build.NewPath, CancellationToken.None).ConfigureAwait(false);
        _journal.End();
    }

    private async Task<ImageVersion> GoOnAsync(CancellationToken cancellation)
    {
        if (Build.State < BuildState.Committed)
        {
            if (Build.State < BuildState.MachineStopped)
            {
                await PerformTaskAsync(cancellation).ConfigureAwait(false);
            }

            await StopMachineAsync(cancellation).ConfigureAwait(false);
            Seal(cancellation);
            Check(cancellation);
            Commit();
        }

        return await TakeAwayAsync().ConfigureAwait(false);
    }

    private async Task<ImageVersion> GuardAsync(Func<Task<ImageVersion>> work, CancellationToken cancellation)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (VmUpdateException failure)
        {
            await RollBackAsync(failure).ConfigureAwait(false);
            throw;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            var canceled = new SwapException(SwapFailure.Canceled, Build.Pool, "the building of its next version was ended before that was done.");
            await RollBackAsync(canceled).ConfigureAwait(false);
            throw canceled;
        }
        catch (Exception bug)
        {
            NoteFailure(BugId, bug.ToString());
            throw;
        }
    }

    private async Task RollBackAsync(VmUpdateException failure)
    {
        NoteFailure(failure.Code, failure.Message);
        if (Build.State == BuildState.Committed)
        {
            return; // the version is made; what is left of the build is taken away by the next call
        }

        try
        {
            await UndoAsync(failure.Message).ConfigureAwait(false);
        }
        catch (VmUpdateException later)
        {
            // What could not be taken away now is taken away by the next call: the build stays open.
            NoteFailure(failure.Code, $"{failure.Message} And what was made could not be taken away: {later.Message}");
        }
    }

    private void NoteFailure(string id, string message)
    {
        try
        {
            _journal.Note(build => build with { ErrorId = id, Error = message });
            _journal.Save();
        }
        catch (StoreException)
        {
            // The failure itself is thrown; a store that cannot be written has said so there, too.
        }
    }
}
