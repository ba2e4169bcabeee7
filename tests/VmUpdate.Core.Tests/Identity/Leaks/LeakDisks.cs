using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Leaks;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Files;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Leaks;

/// <summary>VHDX files of one test: masters from builders, and children of them.</summary>
internal sealed class LeakDisks : IDisposable
{
    private readonly TempFolder _folder = new();

    public CountingFileSystem Files { get; } = new(new HostFileSystem());

    public string PathOf(string name) => Path.Combine(_folder.Path, name);

    public string Add(string name, WindowsDiskBuilder builder) => Add(name, builder.Build());

    public string Add(string name, MemoryDisk content)
    {
        string path = PathOf(name);
        using VhdxDisk disk = VhdxDisk.CreateDynamic(path, content.Length, new VhdxCreateOptions { Files = Files, NewGuid = Guid.NewGuid });
        byte[] chunk = new byte[64 << 10];
        for (long at = 0; at < content.Length; at += chunk.Length)
        {
            content.ReadAt(at, chunk);
            if (chunk.AsSpan().IndexOfAnyExcept((byte)0) >= 0)
            {
                disk.WriteAt(at, chunk);
            }
        }

        disk.Complete();
        return path;
    }

    public string AddChild(string name, string parent, Action<GuestDisk>? change = null)
    {
        string path = PathOf(name);
        using VhdxDisk disk = VhdxDisk.CreateDifferencing(path, parent, new VhdxCreateOptions { Files = Files, NewGuid = Guid.NewGuid });
        using (GuestDisk guest = GuestDisk.Open(
            disk, new GuestDiskOptions { Subject = name, Writable = true, UtcNow = () => WindowsDiskBuilder.Now }))
        {
            change?.Invoke(guest);
            guest.Commit();
        }

        disk.Complete();
        return path;
    }

    public AuditResult Audit(params string[] paths) => Audit(DiskRole.Auto, paths);

    public AuditResult Audit(DiskRole role, params string[] paths) => new IdentityAudit(IdentityCatalogue.LoadBuiltIn(), Files, []).Run(
        [.. paths.Select(path => new AuditTarget(path, Path.GetFileNameWithoutExtension(path), role))], null, TestContext.Current.CancellationToken);

    public MasterCleaner Cleaner(params string[] leaveOut) => new(IdentityCatalogue.LoadBuiltIn(), new MasterCleanerOptions
    {
        Files = Files,
        NewGuid = Guid.NewGuid,
        UtcNow = () => WindowsDiskBuilder.Now,
        LeaveOut = leaveOut,
    });

    public void Dispose() => _folder.Dispose();
}
