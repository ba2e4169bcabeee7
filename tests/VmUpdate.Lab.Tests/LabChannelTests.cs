using System.Diagnostics;
using VmUpdate.Core.Broker;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;
using VmUpdate.Core.Tasks;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;
using VmUpdate.Simulation.Guests;
using Xunit;

namespace VmUpdate.Lab.Tests;

/// <summary>The broker, the host agent and agents in guests together, over the channels of a lab.</summary>
public sealed class LabChannelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly byte[] Payload = [.. Enumerable.Range(0, 50_000).Select(i => (byte)(i % 251))];

    [Fact]
    public async Task A_machine_that_sleeps_is_woken_its_real_agent_performs_the_task_and_it_is_put_back()
    {
        using BrokerLab world = await BrokerLab.CreateAsync(2);
        await world.SetAllAsync(VmPowerState.Saved);
        VmKey vm = world.Machines[0];
        await world.Lab.SetChannelAsync(vm, true, CancellationToken.None);
        using var agent = new WorkingAgent(world.Lab.ChannelPath(vm));
        UpdateTask task = world.Register(payload: TaskPayload.FromContext(Payload));
        BrokerReport report = await WorkAsync(world, BrokerUntil.NothingDue);
        Assert.Equal((2, 0), (report.Succeeded, report.Failed));
        Assert.Equal([VmPowerState.Saved, VmPowerState.Saved], await world.StatesAsync());
        Assert.Equal(task.Payload.Sha256, Assert.Single(agent.Performed).Value, ignoreCase: true);
        Assert.Empty(world.Lab.GetDeliveries(vm));
        Assert.Single(world.Lab.GetDeliveries(world.Machines[1]));
    }

    [Fact]
    public async Task A_request_that_was_made_while_no_broker_worked_is_delivered_to_the_next_and_performed()
    {
        using BrokerLab world = await BrokerLab.CreateAsync(1);
        await world.SetAllAsync(VmPowerState.Running);
        VmKey vm = world.Machines[0];
        await world.Lab.SetChannelAsync(vm, true, CancellationToken.None);
        using var agent = new WorkingAgent(world.Lab.ChannelPath(vm));
        UpdateRequest request = Request();
        await agent.AskAsync(request, Payload);
        using var stop = new CancellationTokenSource();
        Task<BrokerReport> working = WorkAsync(world, BrokerUntil.Stopped, stop.Token);
        await UntilAsync(() => agent.Answers.ContainsKey(request.Id) && agent.Performed.Count == 1 && world.Store.GetOpenRuns(world.Lab.HostId).Count == 0);
        await stop.CancelAsync();
        Assert.Equal(1, (await working).Succeeded);
        Assert.True(agent.Answers[request.Id].Single().IsDone);
        Assert.Equal(request.PayloadHash, agent.Performed.Single().Value, ignoreCase: true);
        Assert.Equal("guest of DESK-001", world.Store.GetTasks(world.Lab.HostId).Single().Task.RegisteredBy);
    }

    [Fact]
    public async Task A_channel_has_one_opener_over_all_processes_and_closes_when_its_machine_stops()
    {
        using BrokerLab world = await BrokerLab.CreateAsync(1);
        await world.SetAllAsync(VmPowerState.Running);
        VmKey vm = world.Machines[0];
        Assert.Equal(HypervisorFailure.HostNotUsable, (await Assert.ThrowsAsync<HypervisorException>(() => world.Lab.OpenGuestPortAsync(vm, default))).Failure);
        await world.Lab.SetChannelAsync(vm, true, CancellationToken.None);
        Task<Stream> first = world.Lab.OpenGuestPortAsync(vm, default);
        Task<Stream> second = world.Lab.OpenGuestPortAsync(vm, default);
        using Stream guest = await LabChannelEnd.ConnectAsync(world.Lab.ChannelPath(vm), BrokerLab.Soon);
        using Stream host = await first.WaitAsync(Patience);
        await Task.Delay(100);
        Assert.False(second.IsCompleted);
        await world.Lab.SetStateAsync(vm, VmPowerState.Saved, CancellationToken.None);
        Assert.Equal(HypervisorFailure.VmBusy, (await Assert.ThrowsAsync<HypervisorException>(() => second.WaitAsync(Patience))).Failure);
        Assert.Equal(0, await guest.ReadAsync(new byte[1], BrokerLab.Soon));
    }

    [Fact]
    [Trait("Kind", "Crash")]
    public async Task A_broker_killed_again_and_again_loses_no_request_and_accepts_none_twice()
    {
        const int requests = 60;
        using BrokerLab world = await BrokerLab.CreateAsync(3);
        await world.SetAllAsync(VmPowerState.Running);
        GuestPolicyFile.Replace(world.Store, """{ "maxRequestsPerHour": 1000, "maxOpenRequests": 1000 }"""u8.ToArray());
        List<WorkingAgent> agents = [];
        foreach (VmKey vm in world.Machines)
        {
            await world.Lab.SetChannelAsync(vm, true, CancellationToken.None);
            agents.Add(new WorkingAgent(world.Lab.ChannelPath(vm)));
        }

        List<UpdateRequest> asked = [];
        for (int round = 0; round < 6; round++)
        {
            using Process broker = CrashHost.Start("work", world.Lab.Folder);
            Assert.Equal("ready", await broker.StandardOutput.ReadLineAsync(BrokerLab.Soon));
            for (int i = 0; i < requests / 6; i++)
            {
                UpdateRequest request = Request() with { Name = $"request {asked.Count}" };
                asked.Add(request);
                await agents[asked.Count % agents.Count].AskAsync(request, Payload);
            }

            await Task.Delay(50 * round);
            broker.Kill();
            await broker.WaitForExitAsync(BrokerLab.Soon);
        }

        using (Process broker = CrashHost.Start("work", world.Lab.Folder))
        {
            await UntilAsync(() => agents.Sum(agent => agent.Answers.Count) == requests && world.Store.GetOpenRuns(world.Lab.HostId).Count == 0);
            broker.StandardInput.Close();
            await broker.WaitForExitAsync(BrokerLab.Soon);
        }

        Assert.All(agents.SelectMany(agent => agent.Answers.Values).SelectMany(answers => answers), answer => Assert.True(answer.IsDone, answer.Message));
        Assert.Equal(asked.Select(request => request.Id).Order(), world.Store.GetTasks(world.Lab.HostId).Select(record => record.Task.GuestRequest!.Value).Order());
        Assert.All(world.Store.GetRuns(world.Lab.HostId), run => Assert.Equal(RunState.Succeeded, run.State));
        Assert.Equal(requests, agents.Sum(agent => agent.Performed.Count));
        agents.ForEach(agent => agent.Dispose());
    }

    private static UpdateRequest Request() => new(
        Guid.NewGuid(), "Patch", "ApplicationUpgrade", "Test", false, null, null, null, "Context", string.Empty, Payload.Length, PayloadAssembler.HashOf(Payload));

    private static async Task<BrokerReport> WorkAsync(BrokerLab world, BrokerUntil until, CancellationToken stop = default)
    {
        using var agent = new HostAgent(new HostAgentOptions { Hypervisor = world.Lab, Port = world.Lab })
        {
            Requests = new GuestRequests(world.Store, world.Lab.HostId, SystemClock.Instance, () => WakeSignal.Send(world.Store.Path, world.Lab.HostId)),
        };
        var guests = new LabGuests(world.Lab, agent);
        using TaskBroker broker = TaskBroker.Open(world.Services(guests: guests));
        return await broker.RunAsync(until, stop, BrokerLab.Soon);
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!isSo())
        {
            await Task.Delay(20, limit.Token);
        }
    }
}
