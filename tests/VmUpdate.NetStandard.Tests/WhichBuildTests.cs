using System.Reflection;
using System.Runtime.Versioning;
using VmUpdate.Core.Images;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Lab;
using Xunit;

namespace VmUpdate.NetStandard.Tests;

public sealed class WhichBuildTests
{
    [Theory]
    [InlineData(typeof(VhdxDisk))]
    [InlineData(typeof(PooledImageUpdater))]
    [InlineData(typeof(LabHypervisor))]
    public void The_tests_here_run_the_builds_for_Windows_PowerShell(Type type) =>
        Assert.Equal(".NETStandard,Version=v2.0", type.Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName);
}
