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
    protected HostSession Session => _session ?? throw new InvalidOperationException("The cmdlet has not begun.");

    /// <summary>The connected host's name.</summary>
    protected string HostName => Session.Host.ComputerName;

    /// <summary>Machines of the host, with what they were declared to be.</summary>
    /// <param name="selection">Which.</param>
    /// <returns>The machines.</returns>
    protected IReadOnlyList<MachineInfo> GetMachines(VmSelection selection) =>
        Await(stop => Session.Pools.GetMachinesAsync(selection, stop));

    /// <inheritdoc/>
    protected sealed override void BeginProcessing() => _session = NeedsHost ? Open() : null;

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
