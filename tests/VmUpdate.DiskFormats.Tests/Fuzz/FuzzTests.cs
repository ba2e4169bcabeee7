using VmUpdate.Fuzz;
using VmUpdate.Fuzz.Targets;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Fuzz;

/// <summary>A slice of fuzzing in every run of the tests, each time from another seed. A finding says how to run it again.</summary>
[Trait("Kind", "Fuzz")]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(4);

    public static TheoryData<string> Names => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Hostile_bytes_end_in_a_foreseen_failure_or_none(string name)
    {
        long seed = Random.Shared.Next();
        output.WriteLine($"{name}: from seed {seed}");
        var runner = new FuzzRunner(FuzzTargets.Create(name)!, TextWriter.Null);

        bool clean = runner.Run(seed, long.MaxValue, Slice);

        output.WriteLine($"{runner.Cases} cases, {runner.Refused} refused");
        Assert.True(clean, string.Join(Environment.NewLine, runner.Findings.Select(found => $"dotnet run --project tests/VmUpdate.Fuzz -c Release -- {found}")));
        Assert.True(runner.Cases > 0);
    }

    [Theory]
    [InlineData("vhdx", 50552829)] // an entry in use behind the last block of a child
    [InlineData("vhdx", 51072409)]
    [InlineData("ntfs", 60103083)] // a key of no bytes in the index of descriptors
    [InlineData("ntfs", 50614436)] // a stream longer than its clusters, written to
    public void What_was_found_once_stays_mended(string name, long seed)
    {
        var runner = new FuzzRunner(FuzzTargets.Create(name)!, TextWriter.Null);
        Assert.True(runner.Run(seed, 1, TimeSpan.FromMinutes(2)), string.Join(Environment.NewLine, runner.Findings));
    }
}
