using VmUpdate.Core.Images;

namespace VmUpdate.PowerShell.Output;

/// <summary>What a swap did to one virtual machine. There is one for each machine, whether it went well or not.</summary>
public sealed class PooledVmImageUpdate
{
    internal PooledVmImageUpdate(PooledVmUpdateResult result, string computerName)
    {
        VMName = result.VMName;
        VMId = result.VMId;
        Pool = result.Pool;
        State = result.State;
        From = result.From;
        To = result.To;
        Revision = result.Revision;
        DiskPath = result.DiskPath;
        OldDisk = result.OldDisk;
        KeptUntil = result.KeptUntil;
        Duration = result.Duration;
        Downtime = result.Downtime;
        UsersLoggedOff = new NameList(result.UsersLoggedOff);
        SetsCarried = new NameList(result.SetsCarried);
        SetsStripped = new NameList(result.SetsStripped);
        SetsLost = new NameList(result.SetsLost);
        VerifiedBy = result.VerifiedBy;
        Warnings = new NameList(result.Warnings);
        ErrorId = result.ErrorId;
        Error = result.Error;
        ComputerName = computerName;
    }

    /// <summary>The machine's name.</summary>
    public string VMName { get; }

    /// <summary>The machine's id; empty when no machine has the name.</summary>
    public Guid VMId { get; }

    /// <summary>Its pool; empty when it is in none.</summary>
    public string Pool { get; }

    /// <summary>How it came out.</summary>
    public PooledVmUpdateState State { get; }

    /// <summary>The image it was on; empty when that is not known.</summary>
    public string From { get; }

    /// <summary>The image it was to be on.</summary>
    public string To { get; }

    /// <summary>The number of its disk now.</summary>
    public int Revision { get; }

    /// <summary>The disk it is on now.</summary>
    public string DiskPath { get; }

    /// <summary>The disk it was on before, which is kept; empty when it was not moved.</summary>
    public string OldDisk { get; }

    /// <summary>Until when the old disk is kept, in UTC.</summary>
    public DateTime? KeptUntil { get; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; }

    /// <summary>How long the machine could not be used; zero when it was off anyway.</summary>
    public TimeSpan Downtime { get; }

    /// <summary>The users that were logged off for it.</summary>
    public NameList UsersLoggedOff { get; }

    /// <summary>The sets of identity that the new disk has from the old one.</summary>
    public NameList SetsCarried { get; }

    /// <summary>The sets that were removed from what the master brought.</summary>
    public NameList SetsStripped { get; }

    /// <summary>The sets that the old disk had and the new one has not.</summary>
    public NameList SetsLost { get; }

    /// <summary>What confirmed the identity: <c>Guest</c>, or <c>Disk</c> when there was no way to ask the guest.</summary>
    public string VerifiedBy { get; }

    /// <summary>What the administrator should know although it went well.</summary>
    public NameList Warnings { get; }

    /// <summary>The id of what failed; empty when nothing did.</summary>
    public string ErrorId { get; }

    /// <summary>What failed, in one sentence; empty when nothing did.</summary>
    public string Error { get; }

    /// <summary>The host.</summary>
    public string ComputerName { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{VMName}: {State}";
}
