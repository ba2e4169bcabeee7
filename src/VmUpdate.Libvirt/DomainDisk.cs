using System.Xml.Linq;
using VmUpdate.Core.Machines;

namespace VmUpdate.Libvirt;

/// <summary>A disk in a machine's description.</summary>
/// <param name="Target">The name that the guest may give it: <c>vda</c>. Unique in the machine.</param>
/// <param name="Bus">What it hangs on, in libvirt's word.</param>
/// <param name="Path">Its file; else what stands for it.</param>
/// <param name="BootOrder">Its place in the boot order, from 0.</param>
internal sealed record DomainDisk(string Target, string Bus, string Path, int? BootOrder)
{
    /// <summary>Where the file stands in the description; <see langword="null"/> when the disk is no file.</summary>
    internal XAttribute? PathHolder { get; init; }

    /// <summary>The socket on which a server of ours is to serve the file; <see langword="null"/> when QEMU opens it itself.</summary>
    internal string? Socket { get; init; }

    /// <summary>The name that the server serves it under.</summary>
    internal string Export { get; init; } = string.Empty;

    /// <summary>Whether the file is on this host.</summary>
    internal bool IsFile => PathHolder is not null;

    /// <summary>Where it hangs; <see langword="null"/> for a bus that no machine boots its system from (USB, SD).</summary>
    internal DiskLocation? Location => Controller is { } controller ? new DiskLocation(controller, 0, SlotOf(Target)) : null;

    private DiskController? Controller => Bus switch
    {
        "virtio" or "xen" => DiskController.Virtio,
        "scsi" => DiskController.Scsi,
        "sata" => DiskController.Sata,
        "ide" => DiskController.Ide,
        "nvme" => DiskController.Nvme,
        _ => null,
    };

    /// <summary>The number in a name: vda is 0, vdz 25, vdaa 26.</summary>
    private static int SlotOf(string target)
    {
        int number = 0;
        foreach (char letter in target.Skip(2).Take(4).TakeWhile(letter => letter is >= 'a' and <= 'z'))
        {
            number = (number * 26) + (letter - 'a' + 1);
        }

        return Math.Max(0, number - 1);
    }
}
