using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <summary>Whether a disk of a machine is newer than an export of it.</summary>
internal static class DiskSight
{
    /// <summary>Looks at a disk.</summary>
    /// <param name="path">The disk.</param>
    /// <param name="isAttached">Whether its machine may have run on it until now: then it is newer whatever it holds.</param>
    /// <param name="exportedSecretUtc">When the exported secret was set.</param>
    /// <param name="services">Where files come from.</param>
    /// <param name="warnings">Added to, when the disk is there and of no use.</param>
    /// <returns>Why it counts as newer, the first half of a sentence; <see langword="null"/> when it does not.</returns>
    public static string? Of(string path, bool isAttached, DateTime? exportedSecretUtc, IDiskServices services, List<string> warnings)
    {
        try
        {
            using VhdxDisk disk = VhdxDisk.Open(
                path, new VhdxOpenOptions { Files = services.Files, AllowedParentFolders = services.AllowedParentFolders });
            using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
            if (isAttached)
            {
                return $"its disk {path} is there and can be read";
            }

            DateTime? set = guest.HasHive(HiveName.Security)
                ? GuestSecrets.UpdatedUtc(guest.OpenHive(HiveName.Security), LsaSecretTransfer.MachineAccount)
                : null;
            return set > exportedSecretUtc ? $"its former disk {path} holds a machine secret of {set:u}" : null;
        }
        catch (HostFileException failure) when (failure.Failure == HostFileFailure.NotFound)
        {
            return null;
        }
        catch (HostFileException failure) when (failure.Failure is HostFileFailure.InUse or HostFileFailure.AccessDenied)
        {
            return $"its disk {path} is there and in use, or not to be read here";
        }
        catch (IdentityException failure) when (failure.Failure == IdentityFailure.NoWindowsFolder)
        {
            return null; // a data disk
        }
        catch (VmUpdateException failure)
        {
            warnings.Add($"{path} is there and cannot be read, so it does not count as a newer disk: {failure.Message}");
            return null;
        }
    }
}
