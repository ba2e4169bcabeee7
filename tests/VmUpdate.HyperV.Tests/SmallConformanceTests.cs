using VmUpdate.Conformance;
using VmUpdate.HyperV.Tests.Support;

namespace VmUpdate.HyperV.Tests;

/// <summary>The suite of every host, on the small Hyper-V behind the schema, with a machine of generation 2.</summary>
public sealed class Generation2ConformanceTests : HypervisorConformance
{
    protected override Task<IConformanceHost> CreateAsync() => Task.FromResult<IConformanceHost>(new SmallHost());
}

/// <summary>The same with a machine of generation 1.</summary>
public sealed class Generation1ConformanceTests : HypervisorConformance
{
    protected override Task<IConformanceHost> CreateAsync() => Task.FromResult<IConformanceHost>(new SmallHost(isGeneration2: false));
}
