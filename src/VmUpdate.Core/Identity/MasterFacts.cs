namespace VmUpdate.Core.Identity;

/// <summary>What is true of a master for every machine that gets it.</summary>
/// <param name="IsGeneralized">Whether sysprep made it ready to be set up anew at its first start.</param>
/// <param name="SharedMachineSid">The machine SID that all its machines will share; <see langword="null"/> when each gets one of its own.</param>
public sealed record MasterFacts(bool IsGeneralized, MachineSid? SharedMachineSid)
{
    /// <summary>The first build of Windows that refuses logons between machines of one machine SID (11 24H2, Server 2025).</summary>
    public const long FirstBuildRefusingSharedSids = 26100;

    private const string SetupState = "Microsoft\\Windows\\CurrentVersion\\Setup\\State";
    private const string GeneralizedState = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE";

    /// <summary>What an administrator is told once for a pool; empty when there is nothing to tell.</summary>
    public string Warning => SharedMachineSid is null ? string.Empty
        : $"The master is not generalized, so all machines made from it have its machine SID {SharedMachineSid}.";

    /// <summary>Reads a master.</summary>
    /// <param name="master">The master, or a child of it.</param>
    /// <param name="allowSharedMachineSid">Whether machines may share a SID although their Windows minds.</param>
    /// <returns>The facts.</returns>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.SharedMachineSid"/>.</exception>
    public static MasterFacts Read(GuestDisk master, bool allowSharedMachineSid)
    {
        bool isGeneralized = master.OpenHive(HiveName.Software).Find(SetupState)?.FindValue("ImageState") is { } state
            && GuestDisk.TextOf(state) == GeneralizedState;
        var facts = new MasterFacts(isGeneralized, isGeneralized ? null : master.MachineSid);
        if (facts.SharedMachineSid is not null && master.WindowsBuild >= FirstBuildRefusingSharedSids && !allowSharedMachineSid)
        {
            throw new IdentityException(
                IdentityFailure.SharedMachineSid,
                master.Subject,
                $"it is not generalized and its build is {master.WindowsBuild}: such Windows refuses logons between machines of one machine SID "
                + $"({facts.SharedMachineSid}), and all machines made from it would have that one. Generalize it (sysprep /generalize), or "
                + "allow it where machines need not log on to each other.");
        }

        return facts;
    }
}
