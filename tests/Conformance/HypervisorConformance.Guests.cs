using VmUpdate.Core.Machines;
using Xunit;

namespace VmUpdate.Conformance;

/// <content>What is heard of guests.</content>
public abstract partial class HypervisorConformance
{
    [Fact]
    public async Task A_guest_says_what_it_is_called_before_and_after_it_was_saved()
    {
        Require(Ability.GuestName);
        var guests = Assert.IsType<IGuestChannel>(Hypervisor, exactMatch: false);
        Assert.Equal(HypervisorFailure.VmBusy, await FailureAsync(() => guests.GetComputerNameAsync(Vm, TimeSpan.FromSeconds(1), None)));
        await BringToAsync(VmPowerState.Running);
        GuestReply expected = new(GuestReplyKind.Answered, _host.GuestName);
        Assert.Equal(expected, await guests.GetComputerNameAsync(Vm, Patience, None));
        await Hypervisor.SaveAsync(Vm, None);
        await Hypervisor.StartAsync(Vm, None);
        Assert.Equal(expected, await guests.GetComputerNameAsync(Vm, Patience, None));
    }

    [Fact]
    public async Task The_channel_of_a_guest_is_there_while_its_machine_runs_and_its_coming_is_told()
    {
        Require(Ability.GuestPort);
        await _host.EchoAsync();
        Assert.Equal(HypervisorFailure.VmBusy, await FailureAsync(() => OpenPortAsync(Vm)));
        Assert.Equal(HypervisorFailure.WrongHost, await FailureAsync(() => OpenPortAsync(new VmKey("another-host", Vm.VmId))));
        Assert.Equal(HypervisorFailure.VmNotFound, await FailureAsync(() => OpenPortAsync(new VmKey(Hypervisor.HostId, Guid.NewGuid()))));
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable watching = _host.GuestPort.Watch(vm =>
        {
            if (vm == Vm)
            {
                told.TrySetResult();
            }
        });
        foreach (string word in new[] { "one", "two" })
        {
            await Hypervisor.StartAsync(Vm, None);
            await told.Task.WaitAsync(Patience);
            await using Stream port = await OpenPortAsync(Vm);
            using var limit = new CancellationTokenSource(Patience);
            await port.WriteAsync(System.Text.Encoding.ASCII.GetBytes(word + "\n"), limit.Token);
            byte[] answer = new byte[word.Length + 1];
            await port.ReadExactlyAsync(answer, limit.Token);
            Assert.Equal(word + "\n", System.Text.Encoding.ASCII.GetString(answer));
            await Hypervisor.SaveAsync(Vm, None);
            Assert.Equal(0, await ReadAsync(port, limit.Token));
        }
    }

    private async Task<Stream> OpenPortAsync(VmKey vm)
    {
        using var limit = new CancellationTokenSource(Patience);
        return await _host.GuestPort.OpenGuestPortAsync(vm, limit.Token);
    }

    /// <summary>A closed channel ends, or breaks: both are its end.</summary>
    private static async Task<int> ReadAsync(Stream port, CancellationToken cancellation)
    {
        try
        {
            return await port.ReadAsync(new byte[1], cancellation);
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
