using VmUpdate.Core.Identity;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;

namespace VmUpdate.Core.Images;

/// <summary>Makes the new disk of an import: planned, written, read back through an open of its own, or not there at all.</summary>
internal sealed class ImportWork
{
    private readonly IDiskServices _services;
    private readonly string _masterPath;
    private readonly string _diskPath;
    private readonly IdentityOptions _options;
    private readonly IdentityTransfer _transfer;

    public ImportWork(IDiskServices services, string masterPath, IdentityImportOptions import, IdentityOptions options)
    {
        _services = services;
        _masterPath = masterPath;
        _diskPath = import.DiskPath;
        _options = options;
        _transfer = new IdentityTransfer(services.Catalogue);
    }

    public IdentityPlan Plan(GuestDisk old) => OnDisk(_masterPath, master => _transfer.Plan(old, master, _options));

    /// <returns>What the machine calls itself on the new disk.</returns>
    public string Make(GuestDisk old, IdentityPlan plan)
    {
        IHostFolder folder = HostPath.FolderOf(_services.Files, _diskPath);
        if (folder.Exists(Path.GetFileName(_diskPath)))
        {
            throw new HostFileException(
                HostFileFailure.AlreadyExists, _diskPath, "a file of that name is there already; an identity is put onto a new disk only.");
        }

        using IdentityBundle bundle = OnDisk(_masterPath, master => _transfer.Preserve(old, master, plan, _options));
        try
        {
            using (VhdxDisk fresh = VhdxDisk.CreateDifferencing(_diskPath, _masterPath, new VhdxCreateOptions
            {
                Files = _services.Files,
                NewGuid = _services.Ids.NewGuid,
                AllowedParentFolders = _services.AllowedParentFolders,
            }))
            {
                using (GuestDisk guest = GuestDisk.Open(
                    fresh, new GuestDiskOptions { Subject = _diskPath, Writable = true, UtcNow = () => _services.Clock.UtcNow }))
                {
                    _transfer.Restore(guest, bundle);
                    guest.Commit();
                }

                fresh.Complete();
            }

            return OnDisk(_diskPath, result =>
            {
                _transfer.Verify(result, bundle);
                return GuestImage.ReadComputerName(result);
            });
        }
        catch (VmUpdateException)
        {
            folder.Delete(Path.GetFileName(_diskPath));
            throw;
        }
    }

    private T OnDisk<T>(string path, Func<GuestDisk, T> work)
    {
        using VhdxDisk disk = VhdxDisk.Open(
            path, new VhdxOpenOptions { Files = _services.Files, AllowedParentFolders = _services.AllowedParentFolders });
        using GuestDisk guest = GuestDisk.Open(disk, new GuestDiskOptions { Subject = path });
        return work(guest);
    }
}
