using System.Runtime.Versioning;
using VmUpdate.Core.Identity;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

/// <summary>The identity store on a real folder of a host with Unix rights.</summary>
[SupportedOSPlatform("linux")]
public sealed class IdentityStoreFolderTests
{
    [Fact]
    public void The_folder_and_the_key_are_their_owners_only()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix rights are looked at.");
        using var folder = new TempFolder();
        string path = folder.File("identities");

        Save(new HostFileSystem().CreateFolder(path, ownerOnly: true));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        string key = Assert.Single(Directory.GetFiles(path, "*.key"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherExecute)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_folder_that_others_may_enter_is_refused_for_writing_and_reading(UnixFileMode more)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix rights are looked at.");
        using var folder = new TempFolder();
        string path = folder.File("identities");
        IHostFolder opened = new HostFileSystem().CreateFolder(path, ownerOnly: true);
        string id = Save(opened);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | more);

        var failure = Assert.Throws<IdentityException>(() => Save(opened));
        Assert.Equal("IdentityStoreTooOpen", failure.Code);
        Assert.Equal(path, failure.Subject);
        Assert.Throws<IdentityException>(() => new FolderIdentityStore(opened, Guid.NewGuid).Load(id));
    }

    private static string Save(IHostFolder folder)
    {
        var manifest = new IdentityManifest { BundleId = Guid.NewGuid(), HashKey = new byte[IdentityHash.KeySize] };
        using var bundle = new IdentityBundle(manifest, new LivePayload());
        return new FolderIdentityStore(folder, Guid.NewGuid, new OwnerOnlyKeyProtector()).Save(bundle);
    }
}
