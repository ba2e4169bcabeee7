using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Images;

/// <summary>Which disk a machine boots from. A Windows folder on it confirms it later.</summary>
internal static class BootDisk
{
    /// <summary>Finds it.</summary>
    /// <param name="vmName">The machine's name.</param>
    /// <param name="disks">All disks of the machine.</param>
    /// <returns>The disk.</returns>
    /// <exception cref="SwapException">There is none, or it cannot be told which it is.</exception>
    public static VmDisk Find(string vmName, IReadOnlyList<VmDisk> disks)
    {
        if (disks.Count == 0)
        {
            throw new SwapException(SwapFailure.NoBootDisk, vmName, "it has no hard disk.", "Attach its disk, and call again.");
        }

        if (disks.Count == 1)
        {
            return disks[0];
        }

        List<VmDisk> ordered = disks.Where(disk => disk.BootOrder is not null).OrderBy(disk => disk.BootOrder).ToList();
        bool isClear = ordered.Count == 1 || (ordered.Count > 1 && ordered[0].BootOrder != ordered[1].BootOrder);
        return isClear
            ? ordered[0]
            : throw new SwapException(
                SwapFailure.AmbiguousBootDisk,
                vmName,
                $"it has {disks.Count} disks, and its boot order does not say which of them it boots from.",
                "Put its system disk first in the boot order.");
    }
}
