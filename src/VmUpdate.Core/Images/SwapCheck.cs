using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Store;

namespace VmUpdate.Core.Images;

/// <summary>What the checks found out about one machine. Holds the machine's disk when that could be read.</summary>
internal sealed class SwapCheck : IDisposable
{
    private readonly List<PreflightFinding> _findings = [];

    public SwapCheck(VmTarget target) => Target = target;

    public VmTarget Target { get; }

    public PoolRecord? Pool { get; set; }

    public MachineTraits Traits { get; set; } = MachineTraits.Unknown;

    public VmDisk? BootDisk { get; set; }

    /// <summary>The disk that the store knows as the machine's present one, when that is where the machine is.</summary>
    public DiskRevision? Revision { get; set; }

    public string ParentPath { get; set; } = string.Empty;

    public ParentImage? Parent { get; set; }

    /// <summary>The machine's present disk, held; <see langword="null"/> while the machine holds it itself.</summary>
    public GuestImage? Old { get; set; }

    public IdentityPlan? Plan { get; set; }

    public string From { get; set; } = string.Empty;

    public bool IsCurrent { get; set; }

    public bool CheckedWhenStopped { get; set; }

    public int NextRevision { get; set; } = 1;

    public IReadOnlyList<PreflightFinding> Findings => _findings;

    /// <summary>What stands in the way, the first of several; <see langword="null"/> when nothing does.</summary>
    public VmUpdateException? Refusal { get; private set; }

    public void Block(VmUpdateException failure)
    {
        Refusal ??= failure;
        _findings.Add(new PreflightFinding(
            PreflightVerdict.Blocked, failure.Code, (failure as SwapException)?.Reason ?? failure.Message, Remedies.For(failure)));
    }

    public void Warn(string id, string reason, string remedy = "") =>
        _findings.Add(new PreflightFinding(PreflightVerdict.Warn, id, reason, remedy));

    public void Dispose() => Old?.Dispose();
}
