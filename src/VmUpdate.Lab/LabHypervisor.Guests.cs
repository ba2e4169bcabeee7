using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Lab;

public sealed partial class LabHypervisor
{
    private const string ComputerNameKey = @"CurrentControlSet\Control\ComputerName\ComputerName";

    /// <inheritdoc/>
    public Task<IReadOnlyList<UserSession>?> GetSessionsAsync(VmKey vm, CancellationToken cancellation)
    {
        LabCall call = Begin("GetSessions", vm, cancellation);
        LabMachineState machine = Read(vm);
        IReadOnlyList<UserSession>? sessions = machine.Behavior.SessionsUnknown
            ? null
            : machine.Sessions.Where(session => IsThere(machine, session, _options.Clock.UtcNow)).Select(session => new UserSession(session.Id, session.UserName, session.IsActive)).ToList();
        return Ended(call, sessions);
    }

    /// <inheritdoc/>
    public async Task SendMessageAsync(VmKey vm, int session, string message, CancellationToken cancellation)
    {
        LabCall call = Begin("SendMessage", vm, cancellation);
        await ChangeAsync(
            vm,
            machine =>
            {
                Require(machine, VmPowerState.Running);
                return machine with { Sessions = machine.Sessions.Where(s => s.Id != session || !s.LeavesWhenAsked).ToList() };
            },
            cancellation).ConfigureAwait(false);
        _options.AfterCall?.Invoke(call);
    }

    /// <inheritdoc/>
    public async Task LogOffAsync(VmKey vm, int session, CancellationToken cancellation)
    {
        LabCall call = Begin("LogOff", vm, cancellation);
        await ChangeAsync(
            vm,
            machine =>
            {
                Require(machine, VmPowerState.Running);
                return machine with { Sessions = machine.Sessions.Where(s => s.Id != session).ToList() };
            },
            cancellation).ConfigureAwait(false);
        _options.AfterCall?.Invoke(call);
    }

    /// <inheritdoc/>
    public async Task<GuestReply> GetComputerNameAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation)
    {
        LabCall call = Begin("GetComputerName", vm, cancellation);
        LabMachineState machine = Read(vm);
        Require(machine, VmPowerState.Running);
        bool answers = !machine.Behavior.GuestSilent && Timings.Guest <= timeout;
        TimeSpan wait = answers ? Timings.Guest : timeout;
        if (wait > TimeSpan.Zero)
        {
            await _options.Clock.Delay(wait, cancellation).ConfigureAwait(false);
        }

        GuestReply reply = answers && ReadComputerName(machine) is { } name ? new GuestReply(GuestReplyKind.Answered, name) : GuestReply.Silent;
        _options.AfterCall?.Invoke(call);
        return reply;
    }

    private static bool IsThere(LabMachineState machine, LabSession session, DateTime now) =>
        !(session.ArrivesUtc > now) && (session.ArrivesAfter is not { } after || (machine.State == VmPowerState.Running && now >= machine.GuestSinceUtc + after));

    /// <summary>What the guest would call itself: what Windows reads from its own disk as it boots.</summary>
    private string? ReadComputerName(LabMachineState machine)
    {
        LabDisk? boot = machine.Disks.OrderBy(disk => disk.BootOrder ?? int.MaxValue).FirstOrDefault();
        if (boot is null)
        {
            return null;
        }

        try
        {
            using VhdxDisk disk = VhdxDisk.Open(FullPath(boot), new VhdxOpenOptions { Files = DiskFiles });
            using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = machine.Name });
            RegistryValue? value = guest.OpenHive(HiveName.System)
                .Find(guest.ResolveKey(HiveName.System, ComputerNameKey))?.FindValue("ComputerName");
            return value is null ? null : System.Text.Encoding.Unicode.GetString(value.Data).TrimEnd('\0');
        }
        catch (VmUpdateException failure) when (failure is DiskFormatException or IdentityException or HostFileException)
        {
            // Such a disk does not boot, and its guest answers nothing.
            return null;
        }
    }
}
