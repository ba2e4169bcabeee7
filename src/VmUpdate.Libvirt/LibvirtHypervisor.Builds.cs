using VmUpdate.Core.Machines;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

public sealed partial class LibvirtHypervisor
{
    /// <inheritdoc/>
    public Task<VmKey> CreateAsync(BuildMachine machine, CancellationToken cancellation)
    {
        RequireHost(machine.Model);
        return _connection.RunAsync(
            connection =>
            {
                using Domain model = Domain.Find(connection, machine.Model.VmId);
                DomainDefinition definition = ReadDefinition(model);
                DomainDisk disk = definition.Disks.SingleOrDefault(candidate => candidate.Location == machine.Location)
                    ?? throw new HypervisorException(
                        HypervisorFailure.DiskNotAttached, model.Name, $"nothing hangs at {machine.Location}, where '{machine.Name}' is to have its disk.");
                RequireFile(machine.Name, machine.DiskPath, "its disk");
                IntPtr made = VirApi.Define(connection, Utf8.Of(definition.ForBuild(machine, disk)), 0);
                if (made == IntPtr.Zero)
                {
                    throw LibvirtErrors.Last(machine.Name, $"making it like '{model.Name}'");
                }

                Guid id = Domain.ReadId(made) ?? throw LibvirtErrors.Last(machine.Name, "asking for its id");
                _ = VirApi.FreeDomain(made);
                return new VmKey(HostId, id);
            },
            cancellation);
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(VmKey vm, CancellationToken cancellation)
    {
        try
        {
            (string name, IReadOnlyList<DomainDisk> disks) = await WithAsync(vm, Remove, cancellation).ConfigureAwait(false);
            await NbdServers.EndAsync(name, disks, _options).ConfigureAwait(false);
        }
        catch (HypervisorException failure) when (failure.Failure == HypervisorFailure.VmNotFound)
        {
            // It was gone before.
        }
    }

    private static (string Name, IReadOnlyList<DomainDisk> Disks) Remove(Domain domain)
    {
        DomainDefinition definition = ReadDefinition(domain);
        if (!definition.ReadMarks().ContainsKey(VmMarks.Build))
        {
            throw new HypervisorException(
                HypervisorFailure.NotABuildMachine, domain.Name, "it is no machine that VmUpdate made for a piece of work, and was not taken away.");
        }

        if (domain.GetState() is not (VmPowerState.Off or VmPowerState.Saved))
        {
            domain.RequireDone(VirApi.TurnOff(domain.Handle), "turning it off", VmPowerState.Running, VmPowerState.Paused, VmPowerState.Changing);
        }

        // Not every driver knows of firmware's settings.
        uint also = definition.HasFirmwareSettings ? VirApi.UndefineFirmwareSettings : 0;
        domain.Require(VirApi.Undefine(domain.Handle, VirApi.UndefineManagedSave | VirApi.UndefineSnapshots | also), "taking it away");
        return (domain.Name, definition.Disks);
    }
}
