using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Cim;
using Names = VmUpdate.HyperV.HyperVNames;

namespace VmUpdate.HyperV;

/// <summary>What a host is known by.</summary>
/// <param name="Id">Its id: the one of its mainboard.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsHere">Whether it is this computer.</param>
internal sealed record HyperVHost(string Id, string Name, bool IsHere)
{
    internal static async Task<HyperVHost> ReadAsync(ICimClient client, HyperVCalls calls, CancellationToken cancellation)
    {
        string subject = client.ComputerName.Length == 0 ? "this computer" : client.ComputerName;

        // The role first: without it the rest is of no use, and its absence has a remedy of its own.
        IReadOnlyList<CimRecord> systems = await calls.QueryAsync(
            new CimQuery(Names.VirtualizationNamespace, Names.ComputerSystem.Class), subject, "connecting to Hyper-V", cancellation).ConfigureAwait(false);
        if (systems.Count == 0)
        {
            // Whoever has no right is not refused: he is shown nothing, not even the host.
            throw new HypervisorException(
                HypervisorFailure.AccessDenied,
                subject,
                "Hyper-V shows nothing to this account, not even the host. Work as a member of the host's group Hyper-V Administrators, in an elevated prompt.");
        }

        string name = await ReadOneAsync(calls, Names.OperatingSystem.Class, Names.OperatingSystem.CSName, subject, cancellation).ConfigureAwait(false);
        string id = await ReadOneAsync(calls, Names.SystemProduct.Class, Names.SystemProduct.Uuid, subject, cancellation).ConfigureAwait(false);

        // Some boards have no id of their own, and many of one kind the same.
        string known = Guid.TryParse(id, out Guid board) && board != Guid.Empty && board != new Guid("ffffffff-ffff-ffff-ffff-ffffffffffff")
            ? board.ToString("D")
            : name.ToUpperInvariant();
        return new HyperVHost($"hyperv-{known}", name, client.ComputerName.Length == 0);
    }

    private static async Task<string> ReadOneAsync(
        HyperVCalls calls, string className, string property, string subject, CancellationToken cancellation)
    {
        IReadOnlyList<CimRecord> found = await calls.QueryAsync(
            new CimQuery(Names.SystemNamespace, className), subject, "asking what the host is", cancellation).ConfigureAwait(false);
        return found.Count == 0 ? string.Empty : found[0].Text(property);
    }
}
