using System.Security;
using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;

namespace VmUpdate.HyperV;

/// <summary>The ways to a Hyper-V host. All go by Windows' own client of CIM, so from Windows only.</summary>
public static class HyperVConnection
{
    private static readonly string[] NamesOfThisComputer = ["", ".", "localhost", "127.0.0.1", "::1"];

    /// <summary>This computer.</summary>
    /// <returns>The way.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.HostNotUsable"/>: this is not Windows.</exception>
    public static ICimClient ToThisComputer()
    {
        RequireWindows("this computer");
        return MmiCimClient.OfThisComputer();
    }

    /// <summary>Another computer, by WinRM; this one's own name leads to this computer.</summary>
    /// <param name="computerName">Its name.</param>
    /// <param name="user">Who connects, as <c>DOMAIN\user</c> or <c>user</c>; empty for the present account.</param>
    /// <param name="password">His password; <see langword="null"/> for the present account.</param>
    /// <returns>The way.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.HostNotUsable"/>: this is not Windows.</exception>
    public static ICimClient ToComputer(string computerName, string user, SecureString? password)
    {
        RequireWindows(computerName);
        if (IsThisComputer(computerName, Environment.MachineName))
        {
            return MmiCimClient.OfThisComputer();
        }

        int separator = user.IndexOf('\\');
        try
        {
            return MmiCimClient.OfComputer(computerName, separator < 0 ? string.Empty : user.Substring(0, separator), user.Substring(separator + 1), password);
        }
        catch (CimFailureException failure)
        {
            throw HyperVErrors.Translate(failure, computerName, "connecting to it");
        }
    }

    /// <summary>A session that somebody else made and ends.</summary>
    /// <param name="session">A <c>Microsoft.Management.Infrastructure.CimSession</c>.</param>
    /// <returns>The way.</returns>
    /// <exception cref="HypervisorException"><see cref="HypervisorFailure.HostNotUsable"/>: this is not Windows.</exception>
    public static ICimClient ToSession(object session)
    {
        RequireWindows("the session's computer");
        return MmiCimClient.OfSession(session, name => IsThisComputer(name, Environment.MachineName) ? string.Empty : name!);
    }

    /// <summary>Whether a name is this computer's: only then its paths are paths here.</summary>
    internal static bool IsThisComputer(string? name, string own) =>
        NamesOfThisComputer.Contains(name ?? string.Empty, StringComparer.OrdinalIgnoreCase) || string.Equals(name, own, StringComparison.OrdinalIgnoreCase);

    private static void RequireWindows(string subject)
    {
        if (Path.DirectorySeparatorChar != '\\')
        {
            throw new HypervisorException(
                HypervisorFailure.HostNotUsable,
                subject,
                "Hyper-V hosts are reached from Windows only. Run the command on the host itself, or from another Windows; -LibvirtUri and -LabPath work here.");
        }
    }
}
