using System.ComponentModel;
using VmUpdate.Core.Machines;
using VmUpdate.HyperV.Access;

namespace VmUpdate.HyperV;

public sealed partial class HyperVHypervisor
{
    /// <inheritdoc/>
    /// <remarks>
    /// A machine opens its files under an account that is made of its id. Its own disk gets an entry for that account; a master, which many
    /// machines have, gets one entry for all machines of the host, as lists of thousands of entries do not fit.
    /// </remarks>
    public async Task AllowDiskAsync(VmKey vm, string disk, IReadOnlyList<string> parents, CancellationToken cancellation)
    {
        string name = NameOf(await FindAsync(vm, cancellation).ConfigureAwait(false));
        if (_options.Rights is not { } rights)
        {
            return;
        }

        Allow(rights, name, disk, VmSid.Of(vm.VmId), AccessList.ReadAndWrite);
        foreach (string parent in parents)
        {
            Allow(rights, name, parent, VmSid.AllMachines, AccessList.Read);
        }
    }

    private static void Allow(IFileRights rights, string name, string path, string sid, uint wanted)
    {
        string letters = wanted == AccessList.Read ? "R" : "R,W";
        string remedy = $"icacls \"{path}\" /grant *{sid}:({letters}) gives it.";
        try
        {
            if (rights.Has(path, sid, wanted))
            {
                return;
            }

            rights.Add(path, sid, wanted);
            if (rights.Has(path, sid, wanted))
            {
                return;
            }
        }
        catch (Win32Exception failure)
        {
            throw new HypervisorException(
                HypervisorFailure.AccessDenied, name, $"its account {sid} could not be given the right ({letters}) on {path}: {failure.Message} {remedy}", failure);
        }

        throw new HypervisorException(
            HypervisorFailure.AccessDenied, name, $"its account {sid} was given the right ({letters}) on {path}, and has it not. {remedy}");
    }
}
