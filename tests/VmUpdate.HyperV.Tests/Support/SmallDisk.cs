namespace VmUpdate.HyperV.Tests.Support;

/// <summary>A disk on a drive of the small Hyper-V.</summary>
internal sealed class SmallDisk
{
    internal required string Path { get; set; }

    internal bool IsIde { get; init; }

    /// <summary>The number of an IDE controller; of SCSI controllers the order of their ids.</summary>
    internal int Controller { get; init; }

    internal int Slot { get; init; }

    /// <summary>A disk of the host's that is passed through.</summary>
    internal bool IsPhysical { get; init; }

    /// <summary>No hard disk but a DVD.</summary>
    internal bool IsDvd { get; init; }
}
