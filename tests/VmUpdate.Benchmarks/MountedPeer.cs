namespace VmUpdate.Benchmarks;

/// <summary>The same disk, mounted by ntfs-3g over vhdimount. Mounting is not counted against it.</summary>
internal sealed class MountedPeer : IDisposable
{
    private const long NtfsOffset = 122683392; // where make-image.sh puts the volume: sector 239616
    private readonly BenchmarkImage _image;
    private readonly string _disk;
    private readonly string _mount;
    private readonly string _target;

    /// <summary>Makes the mount points.</summary>
    public MountedPeer(BenchmarkImage image, string scratch)
    {
        _image = image;
        _disk = Directory.CreateDirectory(Path.Combine(scratch, "vhdi")).FullName;
        _mount = Directory.CreateDirectory(Path.Combine(scratch, "ntfs")).FullName;
        _target = Directory.CreateDirectory(Path.Combine(scratch, "peer")).FullName;
    }

    /// <summary>Mounts afresh, so that no run finds what the one before left in a cache of the mount.</summary>
    public void Remount()
    {
        Unmount();
        Shell.Run($"""
            vhdimount '{_image.Disk}' '{_disk}' > /dev/null
            loop=$(losetup -f --show -r -o {NtfsOffset} '{_disk}/vhdi1')
            ntfs-3g -o ro "$loop" '{_mount}'
            """);
    }

    /// <summary>Does the job.</summary>
    public void Extract()
    {
        string copies = string.Join(' ', _image.Files.Select(file => $"'{_mount}/{file.Path}'"));
        string config = $"{_mount}/Windows/System32/config";
        Shell.Run($"""
            cp {copies} '{_target}'
            for value in ComputerName; do hivexget {config}/SYSTEM 'ControlSet001\Control\ComputerName\ComputerName' "$value"; done
            for value in Hostname 'NV Hostname'; do hivexget {config}/SYSTEM 'ControlSet001\Services\Tcpip\Parameters' "$value"; done
            hivexget {config}/SOFTWARE 'Microsoft\Cryptography' MachineGuid
            hivexget {config}/SOFTWARE 'Microsoft\Windows NT\CurrentVersion' ProductName
            for value in SusClientId SusClientIdValidation; do hivexget {config}/SOFTWARE 'Microsoft\Windows\CurrentVersion\WindowsUpdate' "$value"; done
            """);
    }

    /// <inheritdoc/>
    public void Dispose() => Unmount();

    private void Unmount() => Shell.Run($"""
        if mountpoint -q '{_mount}'; then umount '{_mount}'; fi
        losetup -j '{_disk}/vhdi1' | cut -d: -f1 | xargs -r losetup -d
        if mountpoint -q '{_disk}'; then umount '{_disk}'; fi
        """);
}
