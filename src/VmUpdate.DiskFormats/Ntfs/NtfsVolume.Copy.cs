using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Copying the volume.</content>
public sealed partial class NtfsVolume
{
    /// <summary>
    /// Copies the volume without what no file holds: free clusters, what lies behind a file's end, unused file records, the journal.
    /// Nothing that was deleted is in the copy but names in the slack of folders, and in the change journal.
    /// </summary>
    /// <param name="target">A device of the same length that reads as zero throughout.</param>
    /// <param name="progress">Is told how many percent of what is used are copied, about once for each MiB.</param>
    /// <param name="cancellation">Ends the work; the target is to be thrown away then.</param>
    /// <exception cref="DiskFormatException">A file record or the bitmap is damaged.</exception>
    /// <exception cref="InvalidOperationException">The volume holds writes back; flush it first.</exception>
    /// <exception cref="ArgumentException">The target has another length.</exception>
    public void CopyTo(IBlockDevice target, Action<int>? progress, CancellationToken cancellation)
    {
        if (target.Length != Device.Length)
        {
            throw new ArgumentException($"The target has {target.Length} bytes, the volume's device {Device.Length}.", nameof(target));
        }

        lock (_gate)
        {
            if (Files.HoldsAnything)
            {
                throw new InvalidOperationException("The volume holds writes back.");
            }

            new VolumeCopy(this, target, progress, cancellation).Run();
        }
    }
}
