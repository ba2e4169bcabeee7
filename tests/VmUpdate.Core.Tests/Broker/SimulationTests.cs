using VmUpdate.Core.Machines;
using VmUpdate.Simulation.World;
using Xunit;

namespace VmUpdate.Core.Tests.Broker;

[Trait("Kind", "Simulation")]
public sealed class SimulationTests
{
    [Fact]
    public void A_world_of_chance_and_faults_keeps_what_must_always_hold()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        CampaignResult result = Campaign.Run(seed, 60_000);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.Deaths > 0);
    }

    [Theory]
    [InlineData(5015)]
    [InlineData(5028)]
    [InlineData(89)]
    [InlineData(203)]
    [InlineData(5615)]
    [InlineData(5632)]
    [InlineData(900101)]
    [InlineData(1000073)]
    [InlineData(7654339)]
    [InlineData(40000027)]
    [InlineData(15639059)]
    [InlineData(15639088)]
    [InlineData(20261211)]
    [InlineData(1039)]
    [InlineData(200249)]
    [InlineData(3000092)]
    [InlineData(2035)]
    [InlineData(5000653)]
    [InlineData(12001031)]
    [InlineData(22000906)]
    [InlineData(33501013)]
    public void Worlds_that_once_found_a_fault_keep_it_found(int seed) => Campaign.PlayWorld(seed);

    [Fact]
    public void The_same_seed_plays_the_same_again()
    {
        var first = new List<string>();
        var second = new List<string>();
        Campaign.PlayWorld(77, first.Add);
        Campaign.PlayWorld(77, second.Add);
        Assert.Equal(first.Count, second.Count);
        Assert.Equal(first, second);
    }

    [Fact]
    public void All_small_cases_come_to_rest_with_every_machine_as_it_was() => Assert.Equal(11_152, SmallCases.PlayAll());

    [Fact]
    public void A_hundred_machines_with_a_cap_of_four_never_show_five_awake()
    {
        var world = new SimulatedWorld(1, new WorldOptions
        {
            Machines = [.. Enumerable.Range(0, 100).Select(n => n % 3 == 0 ? VmPowerState.Off : VmPowerState.Saved)],
            Tasks = 1,
            Tempers = [GuestTemper.Works],
            Limits = new() { MaxAwake = 4, MaxAwakePerVolume = 4, SettleTime = TimeSpan.FromSeconds(5) },
        });
        world.Step();
        int most = 0;
        for (int i = 0; i < 20_000 && world.State.Runs.Count + world.State.Watched.Count > 0; i++)
        {
            world.Step();
            most = Math.Max(most, world.Vms.Count(vm => vm.Power == VmPowerState.Running));
        }

        Assert.Equal(4, most);
        Assert.All(world.Vms, vm => Assert.NotEqual(VmPowerState.Running, vm.Power));
    }
}
