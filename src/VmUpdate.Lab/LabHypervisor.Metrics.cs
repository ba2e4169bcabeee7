using VmUpdate.Core.Machines;

namespace VmUpdate.Lab;

public sealed partial class LabHypervisor
{
    /// <inheritdoc/>
    public Task<HostLoad> GetLoadAsync(CancellationToken cancellation)
    {
        LabCall call = Begin("GetLoad", null, cancellation);
        LabHostScript script = GetHostScript();
        LabHostPoint now = script.At(_options.Clock.UtcNow - (script.BeginsUtc ?? _openedUtc));
        List<LabMachineState> machines = [.. ReadMachines()];
        long taken = machines.Where(machine => machine.State is VmPowerState.Running or VmPowerState.Paused).Sum(machine => machine.MemoryBytes);
        return Ended(call, new HostLoad(now.CpuPercent, Math.Max(0, script.TotalMemoryBytes - now.OtherMemoryBytes - taken), script.TotalMemoryBytes)
        {
            VolumeFreeBytes = machines.Select(machine => machine.Volume).Distinct().ToDictionary(volume => volume, _ => script.VolumeFreeBytes),
            IsInMaintenance = script.IsInMaintenance,
            IsShuttingDown = script.IsShuttingDown,
        });
    }

    /// <inheritdoc/>
    public Task<VmFootprint> GetFootprintAsync(VmKey vm, CancellationToken cancellation)
    {
        LabCall call = Begin("GetFootprint", vm, cancellation);
        LabMachineState machine = Read(vm);
        return Ended(call, new VmFootprint(machine.MemoryBytes, machine.Volume));
    }
}
