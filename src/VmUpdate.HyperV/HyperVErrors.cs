using System.Globalization;
using System.Text.RegularExpressions;
using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;

namespace VmUpdate.HyperV;

/// <summary>What the failures of CIM, of Hyper-V's methods and of its jobs are to VmUpdate.</summary>
/// <remarks>The system's words are in its own language; decisions are made by numbers only.</remarks>
internal static class HyperVErrors
{
    private const string AccessRemedy = "Work as a member of the host's group Hyper-V Administrators (its SID is S-1-5-32-578), in an elevated prompt.";
    private static readonly Regex Hresult = new("0x([0-9A-Fa-f]{8})", RegexOptions.CultureInvariant);

    private const uint WinRmFacility = 0x8033;
    private const uint WinRmNotListening = 0x80338012;
    private const uint WinRmNotTrusted = 0x803380E4;

    // E_ACCESSDENIED, a wrong name or password, WBEM_E_ACCESS_DENIED
    private static readonly uint[] Denials = [0x80070005, 0x8007052E, 0x80041003];

    // RPC: not available, failed, cut off; the network's: name unknown, no answer, refused; Kerberos: no authority, wrong target
    private static readonly uint[] Outages = [0x800706BA, 0x800706BE, 0x800706BF, 0x80072EE7, 0x80072EE2, 0x80072EFD, 0x80090311, 0x80090322];

    // A file or path not found, held by somebody else, not allowed to the machine's account, damaged (VHD and VHDX)
    private static readonly uint[] DiskFaults = [0x80070002, 0x80070003, 0x80070020, 0x80070005, 0xC03A0005, 0xC03A000C, 0xC03A000D, 0xC03A000E, 0xC03A0014];

    /// <summary>A call did not come through.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="subject">The machine's name, or the host's.</param>
    /// <param name="what">What was asked, as in "saving it".</param>
    internal static HypervisorException Translate(CimFailureException failure, string subject, string what)
    {
        uint number = NumbersIn(failure.MessageId).FirstOrDefault();
        (HypervisorFailure code, string remedy) = failure.Status switch
        {
            CimStatus.AccessDenied => (HypervisorFailure.AccessDenied, AccessRemedy),
            _ when Denials.Contains(number) => (HypervisorFailure.AccessDenied, AccessRemedy),
            CimStatus.InvalidNamespace => (
                HypervisorFailure.HostNotUsable,
                "The computer has no Hyper-V role. Install-WindowsFeature Hyper-V (a server) or Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V-All adds it."),
            CimStatus.InvalidClass or CimStatus.MethodNotFound => (
                HypervisorFailure.HostNotUsable, "Its Windows is older than Windows Server 2016, or its WMI repository is damaged (winmgmt /verifyrepository)."),
            CimStatus.NotFound => (HypervisorFailure.VmNotFound, "It was deleted, or it left this host."),
            _ when number == WinRmNotTrusted => (
                HypervisorFailure.HostNotReachable, "Name the host by its name in the domain, or add it to WSMan:\\localhost\\Client\\TrustedHosts."),
            _ when number == WinRmNotListening => (HypervisorFailure.HostNotReachable, "See that WinRM runs there: Enable-PSRemoting."),
            _ when number >> 16 == WinRmFacility || Outages.Contains(number) => (
                HypervisorFailure.HostNotReachable, "See that the host is on, that WinRM runs there (Enable-PSRemoting), and that no firewall is between."),
            _ => (HypervisorFailure.OperationFailed, string.Empty),
        };
        return new HypervisorException(code, subject, $"{what} failed: {Sentence(failure.Message)} {remedy}".TrimEnd(), failure);
    }

    /// <summary>A method said no.</summary>
    /// <param name="returnValue">Its return value: neither completed nor a job.</param>
    /// <param name="subject">The machine's name.</param>
    /// <param name="what">What was asked.</param>
    internal static HypervisorException OfReturnValue(long returnValue, string subject, string what)
    {
        (HypervisorFailure failure, string reason) = Decode(returnValue);
        return new HypervisorException(failure, subject, $"{what} was refused by Hyper-V: {reason} (code {returnValue.ToString(CultureInfo.InvariantCulture)}).");
    }

    /// <summary>A job ended badly.</summary>
    /// <param name="errorCode">Its ErrorCode.</param>
    /// <param name="words">Its descriptions, in the host's language.</param>
    /// <param name="subject">The machine's name.</param>
    /// <param name="what">What was asked.</param>
    internal static HypervisorException OfJob(long errorCode, string words, string subject, string what)
    {
        (HypervisorFailure failure, string reason) = Decode(errorCode);
        if (failure == HypervisorFailure.OperationFailed && NumbersIn(words).Any(DiskFaults.Contains))
        {
            failure = HypervisorFailure.DiskNotUsable;
        }

        string said = words.Length > 0 ? Sentence(words) : reason + ".";
        return new HypervisorException(failure, subject, $"{what} failed with code {errorCode.ToString(CultureInfo.InvariantCulture)}: {said}");
    }

    /// <summary>Return values of Hyper-V's methods and error codes of its jobs: CIM's own up to 6, Hyper-V's from 32768.</summary>
    private static (HypervisorFailure Failure, string Reason) Decode(long code) => code switch
    {
        1 or 32770 => (HypervisorFailure.OperationFailed, "it is not supported"),
        3 or 32772 => (HypervisorFailure.VmBusy, "it did not end in Hyper-V's own time"),
        4 or 6 or 32773 or 32776 => (HypervisorFailure.OperationFailed, "a parameter is not valid"),
        5 or 32775 => (HypervisorFailure.VmBusy, "the machine's state does not allow it"),
        32769 => (HypervisorFailure.AccessDenied, "access is denied"),
        32774 => (HypervisorFailure.VmBusy, "the machine is in use"),
        32777 => (HypervisorFailure.VmBusy, "the machine is not available"),
        32778 => (HypervisorFailure.OperationFailed, "the host has not enough memory"),
        32779 => (HypervisorFailure.DiskNotUsable, "a file was not found"),
        _ => (HypervisorFailure.OperationFailed, "it failed"),
    };

    private static IEnumerable<uint> NumbersIn(string text) => Hresult.Matches(text).Cast<Match>()
        .Select(match => uint.Parse(match.Groups[1].Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    private static string Sentence(string words)
    {
        string text = Regex.Replace(words, @"\s+", " ").Trim();
        return text.EndsWith(".", StringComparison.Ordinal) ? text : text + ".";
    }
}
