using VmUpdate.Conformance;
using VmUpdate.Libvirt.Tests.Support;
using Xunit;

namespace VmUpdate.Libvirt.Tests;

/// <summary>The suite of every host, on real QEMU with emulated machines and the tiny guest.</summary>
[Collection("real QEMU")]
public sealed class RealConformanceTests : HypervisorConformance
{
    protected override async Task<IConformanceHost> CreateAsync() => await RealHost.CreateAsync();
}
