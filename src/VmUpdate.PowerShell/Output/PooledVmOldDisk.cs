using VmUpdate.Core.Images;

namespace VmUpdate.PowerShell.Output;

/// <summary>A disk that a pooled virtual machine had before, and what became of it.</summary>
public sealed class PooledVmOldDisk
{
    internal PooledVmOldDisk(OldDiskResult result, string computerName)
    {
        VMName = result.VMName;
        VMId = result.VMId;
        Revision = result.Revision;
        Path = result.Path;
        KeptUntil = result.KeptUntil;
        Removed = result.Removed;
        ErrorId = result.ErrorId;
        Error = result.Error;
        ComputerName = computerName;
    }

    /// <summary>The name of the machine that had it.</summary>
    public string VMName { get; }

    /// <summary>The id of the machine that had it.</summary>
    public Guid VMId { get; }

    /// <summary>Its number among the machine's disks.</summary>
    public int Revision { get; }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Until when it is kept, in UTC.</summary>
    public DateTime KeptUntil { get; }

    /// <summary>Whether it was removed now.</summary>
    public bool Removed { get; }

    /// <summary>The id of what stands against its removal; empty when nothing does.</summary>
    public string ErrorId { get; }

    /// <summary>What stands against its removal, in one sentence.</summary>
    public string Error { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
