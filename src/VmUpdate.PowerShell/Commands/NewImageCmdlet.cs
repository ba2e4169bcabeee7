using System.Management.Automation;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Images;
using VmUpdate.PowerShell.Completion;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of the check and the swap to a new master. Both take the same parameters, so that one set of them serves both.</summary>
public abstract class NewImageCmdlet : SwapCmdlet
{
    /// <summary>The updated master image, a VHDX file. It is only read. Without it, the master that the pool was given.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? MasterPath { get; set; }

    /// <summary>When users' own files are carried to the new disk: Never, WhenForcedOff (a user had to be logged off) or Always.</summary>
    /// <value>Never</value>
    [Parameter]
    public UserDataMode UserData { get; set; }

    /// <summary>Which files count as users' own: paths on the guest's disk with * and **, instead of the catalogue's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? UserDataPattern { get; set; }

    /// <summary>The most of users' files that is carried for one machine, in bytes (2GB is a number PowerShell reads). More of it refuses the machine.</summary>
    /// <value>2GB</value>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long? UserDataLimit { get; set; }

    /// <summary>Sets of identity that are carried only on your word, and are wanted: their ids, as Get-VmIdentity shows them with the verb Ask.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SetIdCompleter))]
    public string[]? CarrySet { get; set; }

    /// <summary>Sets that the master loses only on your word (passwords of whoever built it), and shall lose on the new disk: their ids.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SetIdCompleter))]
    public string[]? StripSet { get; set; }

    /// <summary>
    /// Goes on with a master that is not generalized although its Windows (build 26100 and later) refuses logons between machines of one
    /// machine SID, which all machines made from it have.
    /// </summary>
    [Parameter]
    public SwitchParameter AllowSharedMachineSid { get; set; }

    /// <summary>
    /// A folder with join data for machines that get a generalized master: a file for each, named as the machine with .txt behind it, as
    /// djoin /provision /savefile writes it. It goes into the answer file of the new disk; without it a machine is not in its domain.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? JoinDataPath { get; set; }

    /// <summary>
    /// What becomes of the machine's DPAPI keys. Rewrap seals the old disk's master keys anew and lays them beside the new disk's, so that the
    /// secrets of both open. Replace puts the old disk's keys in place of the master's, byte for byte: what came with the master and was
    /// protected there opens no more, and a warning lists it.
    /// </summary>
    /// <value>Rewrap</value>
    [Parameter]
    public DpapiMode DpapiMode { get; set; }

    /// <summary>What was asked for, in the library's words.</summary>
    /// <returns>The options.</returns>
    private protected SwapOptions Options()
    {
        SwapOptions shared = SharedOptions();
        return shared with
        {
            MasterPath = MasterPath is null ? null : ResolvePath(MasterPath),
            UserData = UserData,
            UserDataPatterns = UserDataPattern ?? shared.UserDataPatterns,
            UserDataLimitBytes = UserDataLimit ?? shared.UserDataLimitBytes,
            CarryOnWord = CarrySet ?? shared.CarryOnWord,
            StripOnWord = StripSet ?? shared.StripOnWord,
            AllowSharedMachineSid = AllowSharedMachineSid,
            JoinDataFolder = JoinDataPath is null ? null : ResolvePath(JoinDataPath),
            Dpapi = DpapiMode,
        };
    }
}
