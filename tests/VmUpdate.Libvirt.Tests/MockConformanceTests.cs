using VmUpdate.Conformance;
using VmUpdate.Libvirt.Tests.Support;

namespace VmUpdate.Libvirt.Tests;

/// <summary>The suite of every host, on libvirt's mock driver.</summary>
public sealed class MockConformanceTests : HypervisorConformance
{
    protected override Task<IConformanceHost> CreateAsync() => Task.FromResult<IConformanceHost>(new MockHost());
}
