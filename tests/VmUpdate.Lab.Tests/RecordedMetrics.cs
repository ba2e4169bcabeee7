using VmUpdate.Core.Machines;

namespace VmUpdate.Lab.Tests;

/// <summary>A host's load with the last measurement kept: what a broker went by.</summary>
internal sealed class RecordedMetrics(IHostMetrics inner) : IHostMetrics
{
    private volatile HostLoad? _last;

    public HostLoad? Last => _last;

    public async Task<HostLoad> GetLoadAsync(CancellationToken cancellation) => _last = await inner.GetLoadAsync(cancellation);

    public Task<VmFootprint> GetFootprintAsync(VmKey vm, CancellationToken cancellation) => inner.GetFootprintAsync(vm, cancellation);
}
