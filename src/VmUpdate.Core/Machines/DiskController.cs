namespace VmUpdate.Core.Machines;

/// <summary>The kind of controller that a disk hangs on.</summary>
public enum DiskController
{
    /// <summary>IDE.</summary>
    Ide,

    /// <summary>SCSI.</summary>
    Scsi,

    /// <summary>SATA.</summary>
    Sata,

    /// <summary>A paravirtual block device.</summary>
    Virtio,

    /// <summary>NVMe.</summary>
    Nvme,
}
