using VmUpdate.Core.Images;
using VmUpdate.Core.Machines;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Hosts;

namespace VmUpdate.PowerShell.Commands;

/// <summary>The base of the cmdlets that work on the host this session is connected to.</summary>
public abstract class HostCmdlet : VmUpdateCmdlet
{
    private HostSession? _session;

    /// <summary>What the cmdlet works with, from <see cref="BeginProcessing"/> on; may be asked for on any thread.</summary>
    protected HostSession Connection => _session ?? throw new InvalidOperationException("The cmdlet has not begun.");

    /// <summary>The connected host's name.</summary>
    protected string HostName => Connection.Host.ComputerName;

    /// <summary>Machines of the host, with what they were declared to be.</summary>
    /// <param name="selection">Which.</param>
    /// <returns>The machines.</returns>
    protected IReadOnlyList<MachineInfo> GetMachines(VmSelection selection) =>
        Await(stop => Connection.Pools.GetMachinesAsync(selection, stop));

    /// <inheritdoc/>
    protected sealed override void BeginProcessing()
    {
        if (NeedsHost)
        {
            _session = Open();
        }

        Begin();
    }

    /// <summary>Called before the first input.</summary>
    private protected virtual void Begin()
    {
    }

    /// <summary>Whether a parameter was given, by the user or by the object that is piped in now.</summary>
    /// <param name="parameter">Its name.</param>
    /// <returns>Whether it was.</returns>
    private protected bool IsGiven(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>Whether a host is another one than the connected one.</summary>
    /// <param name="computerName">Its name, as an object that is piped in says it; empty where it says none.</param>
    /// <returns>Whether it is.</returns>
    private protected bool IsAnotherHost(string computerName) =>
        computerName.Length > 0 && !string.Equals(computerName, HostName, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether what was asked for cannot be done without a host.</summary>
    private protected virtual bool NeedsHost => true;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _session?.Dispose();
        }

        base.Dispose(disposing);
    }

    private HostSession Open()
    {
        if (CurrentHost.Find() is not { } host)
        {
            ThrowTerminatingError(CommandErrors.NotConnected());
            throw new InvalidOperationException(); // never reached: the line above throws
        }

        return ForAllTargets(host, () => HostSession.Open(host));
    }
}
