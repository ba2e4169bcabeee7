using System.Globalization;
using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.DiskFormats.Partitions;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Lab;

/// <summary>Makes small disks that look like those of Windows: partitions, an NTFS volume, hives, a few files. They do not boot.</summary>
public sealed class LabImageBuilder
{
    private const long Mebi = 1L << 20;
    private const long EspOffset = 1 * Mebi;
    private const long EspLength = 4 * Mebi;
    private const long ReservedLength = 1 * Mebi;
    private const long WindowsOffset = EspOffset + EspLength + ReservedLength;
    private const int SectorSize = 512;
    private const string KeyFolder = @"ProgramData\Microsoft\Crypto\RSA\MachineKeys";
    private const string SshFolder = @"ProgramData\ssh";

    private readonly IHostFileSystem _files;
    private readonly IClock _clock;
    private readonly IIdSource _ids;

    /// <summary>Makes the builder.</summary>
    /// <param name="files">Where host files come from.</param>
    /// <param name="clock">The time of all that is made.</param>
    /// <param name="ids">Ids of disks and partitions.</param>
    public LabImageBuilder(IHostFileSystem files, IClock clock, IIdSource ids)
    {
        _files = files;
        _clock = clock;
        _ids = ids;
    }

    /// <summary>
    /// Makes a master: a Windows that was installed once, is not generalized, and leaks ids of the machine it was made on and secrets of
    /// its builder (<see cref="LabLeaks"/>).
    /// </summary>
    /// <param name="path">The new file.</param>
    /// <param name="identity">The machine that the image was made on.</param>
    /// <param name="version">What the master's programs say their version is.</param>
    /// <param name="length">The virtual size, in bytes; at least 32 MiB.</param>
    public void CreateMaster(string path, LabIdentity identity, string version, long length = 64 * Mebi)
    {
        using VhdxDisk disk = VhdxDisk.CreateDynamic(path, length, new VhdxCreateOptions { Files = _files, NewGuid = _ids.NewGuid });
        GptWriter.Write(
            disk,
            [
                new GptPartition(GptPartitionTypes.EfiSystem, EspOffset, EspLength, "EFI system partition"),
                new GptPartition(GptPartitionTypes.MicrosoftReserved, EspOffset + EspLength, ReservedLength, "Microsoft reserved partition"),
                new GptPartition(GptPartitionTypes.BasicData, WindowsOffset, length - WindowsOffset - Mebi, "Basic data partition"),
            ],
            _ids.NewGuid);
        using (IBlockDevice partition = PartitionTable.Read(disk).Partitions.Single(p => p.Offset == WindowsOffset).Open(disk))
        {
            NtfsFormatter.Format(partition, new NtfsFormatOptions
            {
                Label = "Windows",
                SerialNumber = BitConverter.ToInt64(identity.Bytes("serial", 8), 0),
                HiddenSectors = (uint)(WindowsOffset / SectorSize),
                SectorSize = SectorSize,
                UtcNow = _clock.UtcNow,
            });
            using NtfsVolume volume = NtfsVolume.Open(partition, new NtfsOpenOptions { Writable = true, UtcNow = () => _clock.UtcNow });
            MakeHives(volume, identity, version);
            MakeFiles(volume, identity, version);
            LabLeaks.PlantInMaster(volume);
            volume.Flush();
        }

        disk.Complete();
    }

    /// <summary>Makes a machine's disk: a child of a master that has been set up as this machine and used for a while.</summary>
    /// <param name="path">The new file.</param>
    /// <param name="masterPath">The master.</param>
    /// <param name="master">The identity that the master has.</param>
    /// <param name="identity">The machine's.</param>
    /// <param name="parents">Parents opened once for several children; may be <see langword="null"/>.</param>
    /// <param name="copiedFrom">The machine whose agent id this one has too, as if it had been copied; its own name for the first of them.</param>
    public void CreateMachineDisk(
        string path, string masterPath, LabIdentity master, LabIdentity identity, ParentCache? parents = null, LabIdentity? copiedFrom = null)
    {
        using VhdxDisk disk = VhdxDisk.CreateDifferencing(
            path, masterPath, new VhdxCreateOptions { Files = _files, NewGuid = _ids.NewGuid, Parents = parents });
        using (GuestDisk guest = GuestDisk.Open(
            disk, new GuestDiskOptions { Subject = path, Writable = true, UtcNow = () => _clock.UtcNow }))
        {
            SetIdentity(guest.OpenHive(HiveName.System), guest.OpenHive(HiveName.Software), identity);
            guest.OpenHive(HiveName.Software).Find(@"Microsoft\Windows Advanced Threat Protection")?.DeleteValue("senseGuid");
            if (copiedFrom is not null)
            {
                LabLeaks.PlantShared(guest.OpenHive(HiveName.Software), copiedFrom);
            }

            MakeOwnFiles(guest.Volume, master, identity);
            guest.Commit();
        }

        disk.Complete();
    }

    private static void SetIdentity(RegistryHive system, RegistryHive software, LabIdentity identity)
    {
        SetText(system.Create(@"ControlSet001\Control\ComputerName\ComputerName"), "ComputerName", identity.ComputerName);
        RegistryKey tcpip = system.Create(@"ControlSet001\Services\Tcpip\Parameters");
        SetText(tcpip, "Hostname", identity.ComputerName);
        SetText(tcpip, "NV Hostname", identity.ComputerName);
        system.Create(@"ControlSet001\Services\Tcpip6\Parameters").SetValue("Dhcpv6DUID", (uint)RegistryKind.Binary, identity.Duid);
        SetText(software.Create(@"Microsoft\Cryptography"), "MachineGuid", identity.MachineGuid);
        SetText(software.Create(@"Microsoft\SQMClient"), "MachineId", identity.SqmMachineId);
        RegistryKey update = software.Create(@"Microsoft\Windows\CurrentVersion\WindowsUpdate");
        SetText(update, "SusClientId", identity.SusClientId);
        update.SetValue("SusClientIdValidation", (uint)RegistryKind.Binary, identity.Bytes("sus-validation", 29));
        software.Create(@"Microsoft\MSMQ\Parameters\MachineCache").SetValue("QMId", (uint)RegistryKind.Binary, identity.QueueManagerId);
        RegistryKey tanium = software.Create(@"Wow6432Node\Tanium\Tanium Client");
        tanium.SetValue("ComputerID", (uint)RegistryKind.Number, BitConverter.GetBytes(identity.TaniumId));
        tanium.SetValue("RegistrationCount", (uint)RegistryKind.Number, BitConverter.GetBytes(1));
    }

    private static void SetText(RegistryKey key, string name, string text) =>
        key.SetValue(name, (uint)RegistryKind.Text, Encoding.Unicode.GetBytes(text + '\0'));

    private void MakeHives(NtfsVolume volume, LabIdentity identity, string version)
    {
        GuestFolders.Make(volume, @"Windows\System32\config");
        using RegistryHive system = CreateHive(volume, "SYSTEM");
        using RegistryHive software = CreateHive(volume, "SOFTWARE");
        RegistryKey select = system.Create("Select");
        foreach (string name in new[] { "Current", "Default", "LastKnownGood" })
        {
            select.SetValue(name, (uint)RegistryKind.Number, BitConverter.GetBytes(1));
        }

        system.Create(@"ControlSet001\Services\MSMQ");
        RegistryKey windows = software.Create(@"Microsoft\Windows NT\CurrentVersion");
        SetText(windows, "ProductName", "Windows 10 Enterprise");
        SetText(windows, "CurrentBuildNumber", "19045");
        SetIdentity(system, software, identity);
        RegistryKey sensor = software.Create(@"Microsoft\Windows Advanced Threat Protection");
        SetText(sensor, "senseGuid", identity.SenseGuid);
        RegistryKey program = software.Create(@"Microsoft\Windows\CurrentVersion\Uninstall\Contoso Desk");
        SetText(program, "DisplayName", "Contoso Desk");
        SetText(program, "DisplayVersion", version);
        using (RegistryHive security = CreateHive(volume, "SECURITY"))
        {
            LabLeaks.PlantInMaster(software, security);
            security.Commit();
        }

        system.Commit();
        software.Commit();
        foreach (string name in new[] { "SAM", "DEFAULT" })
        {
            using RegistryHive hive = CreateHive(volume, name);
            hive.Commit();
        }
    }

    private RegistryHive CreateHive(NtfsVolume volume, string name)
    {
        GuestPath path = GuestPath.Parse(@"Windows\System32\config").Append(name);
        volume.Create(path, new NtfsCreateProperties());
        return RegistryHive.CreateEmpty(
            volume.OpenStream(path, writable: true), new RegistryCreateOptions { RootName = name, UtcNow = () => _clock.UtcNow });
    }

    private static void MakeFiles(NtfsVolume volume, LabIdentity identity, string version)
    {
        for (int program = 1; program <= 6; program++)
        {
            string name = string.Format(CultureInfo.InvariantCulture, @"Program Files\Contoso\desk{0}.exe", program);
            GuestFolders.Write(volume, name, [.. Encoding.ASCII.GetBytes(version), .. identity.Bytes(name + version, 24 * 1024)]);
        }

        GuestFolders.Write(volume, @"Program Files\Contoso\version.txt", Encoding.ASCII.GetBytes(version));
        GuestFolders.Write(volume, @"Users\Public\Documents\welcome.txt", Encoding.UTF8.GetBytes("Welcome.\r\n"));
        for (int key = 1; key <= 2; key++)
        {
            GuestFolders.Write(volume, KeyFile(identity, key, identity), identity.Bytes("key" + key, 2300));
        }
    }

    private static void MakeOwnFiles(NtfsVolume volume, LabIdentity master, LabIdentity identity)
    {
        // What Windows set up under the master's MachineGuid is found under the machine's own afterwards.
        for (int key = 1; key <= 2; key++)
        {
            volume.Rename(GuestPath.Parse(KeyFile(master, key, master)), GuestPath.Parse(KeyFile(master, key, identity)));
        }

        GuestFolders.Write(volume, KeyFile(identity, 3, identity), identity.Bytes("own-key", 2300));
        foreach (string kind in new[] { "rsa", "ecdsa", "ed25519" })
        {
            GuestFolders.Write(volume, $@"{SshFolder}\ssh_host_{kind}_key", identity.Bytes("ssh-" + kind, 1200));
            GuestFolders.Write(volume, $@"{SshFolder}\ssh_host_{kind}_key.pub", identity.Bytes("ssh-pub-" + kind, 300));
        }

        string home = $@"Users\{UserOf(identity)}";
        GuestFolders.Write(volume, $@"{home}\Documents\notes of {identity.ComputerName}.txt", identity.Bytes("notes", 5000));
        GuestFolders.Write(volume, $@"{home}\Desktop\todo.txt", Encoding.UTF8.GetBytes($"Do not lose {identity.ComputerName}.\r\n"));
    }

    private static string UserOf(LabIdentity identity) => "user-" + identity.ComputerName;

    private static string KeyFile(LabIdentity container, int number, LabIdentity owner)
    {
        string digits = new Guid(container.Bytes("container" + number.ToString(CultureInfo.InvariantCulture), 16)).ToString("N");
        return $@"{KeyFolder}\{digits}_{owner.MachineGuid}";
    }

    /// <summary>The types of registry values that are written here.</summary>
    private enum RegistryKind
    {
        Text = 1,
        Binary = 3,
        Number = 4,
    }
}
