using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Simulation.Files;

/// <summary>Lets the n-th call that changes something fail, and all after it when told so: a full volume, a failing device.</summary>
/// <param name="inner">What stands behind.</param>
public sealed class FaultingFileSystem(IHostFileSystem inner) : FileSystemDecorator(inner)
{
    private int _changes;

    /// <summary>Which change fails, from 1; 0 for none.</summary>
    public int FailAt { get; set; }

    /// <summary>What it fails with.</summary>
    public HostFileFailure Failure { get; set; } = HostFileFailure.DiskFull;

    /// <summary>Whether all changes after it fail too.</summary>
    public bool StaysBroken { get; set; }

    /// <summary>How many calls so far would have changed something.</summary>
    public int Changes => _changes;

    protected override void Before(FileOperation operation)
    {
        bool frees = operation.Kind is FileOperationKind.Delete && Failure == HostFileFailure.DiskFull;
        if (operation.Kind is FileOperationKind.Read or FileOperationKind.Open || frees)
        {
            return;
        }

        int change = Interlocked.Increment(ref _changes);
        if (FailAt > 0 && (change == FailAt || (StaysBroken && change > FailAt)))
        {
            throw new HostFileException(Failure, operation.Path, $"{operation.Kind} failed because the test wants it to.");
        }
    }
}
