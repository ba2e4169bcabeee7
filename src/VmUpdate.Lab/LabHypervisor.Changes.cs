using System.Text;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Lab;

// What tasks change on a machine's own disk.
public sealed partial class LabHypervisor
{
    private const uint TextValue = 1;

    /// <summary>
    /// Writes what the tasks that succeeded in a machine leave on its disk. Before it is off: who dies in between finds it running, and the
    /// same is written once more.
    /// </summary>
    private async Task LeaveWhatTasksDidAsync(VmKey vm, LabMachineState machine, CancellationToken cancellation)
    {
        DateTime now = _options.Clock.UtcNow;
        List<LabGuestJob> done = machine.Jobs
            .Where(job => !job.HasLeft && (job.Script.Files.Count > 0 || job.Script.SoftwareValues.Count > 0) && HasSucceeded(machine, job, now))
            .ToList();
        if (done.Count == 0)
        {
            return;
        }

        Write(machine, done.ConvertAll(job => job.Script));
        await ChangeAsync(
            vm,
            state => state with { Jobs = state.Jobs.Select(job => job with { HasLeft = job.HasLeft || done.Any(d => d.Is(job.RunId, job.Attempt)) }).ToList() },
            cancellation).ConfigureAwait(false);
    }

    private void Write(LabMachineState machine, List<LabGuestScript> done)
    {
        LabDisk boot = machine.Disks.OrderBy(disk => disk.BootOrder ?? int.MaxValue).First();
        using VhdxDisk disk = VhdxDisk.Open(FullPath(boot), new VhdxOpenOptions { Files = DiskFiles, Writable = true, NewGuid = _options.Ids.NewGuid });
        using (GuestDisk guest = GuestDisk.Open(
            disk, new GuestDiskOptions { Subject = machine.Name, Writable = true, UtcNow = () => _options.Clock.UtcNow }))
        {
            foreach (KeyValuePair<string, string> file in done.SelectMany(script => script.Files))
            {
                GuestFolders.Write(guest.Volume, file.Key, Encoding.UTF8.GetBytes(file.Value));
            }

            foreach (KeyValuePair<string, string> value in done.SelectMany(script => script.SoftwareValues))
            {
                int name = value.Key.LastIndexOf('\\');
                RegistryKey key = guest.OpenHive(HiveName.Software).Create(value.Key.Substring(0, name));
                key.SetValue(value.Key.Substring(name + 1), TextValue, Encoding.Unicode.GetBytes(value.Value + '\0'));
            }

            guest.Commit();
        }

        disk.Flush();
    }

    private bool HasSucceeded(LabMachineState machine, LabGuestJob job, DateTime now)
    {
        LabGuestTimeline line = LabGuestTimeline.Of(job, Timings);
        return line.Moments[line.IndexAt(Worked(machine, job, now))].Status == (int)GuestStatus.Success;
    }
}
