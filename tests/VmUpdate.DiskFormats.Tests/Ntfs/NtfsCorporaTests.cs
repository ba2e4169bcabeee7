using System.Security.Cryptography;
using VmUpdate.DiskFormats.Ntfs;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.DiskFormats.Tests.Ntfs;

public class NtfsCorporaTests
{
    private static readonly string[] SystemFiles =
    [
        "$MFT", "$MFTMirr", "$LogFile", "$Volume", "$AttrDef", "$Bitmap", "$Boot", "$BadClus", "$Secure", "$UpCase", "$Extend",
    ];

    public static TheoryData<string, long> Volumes => new()
    {
        { "colinfinck-testfs1.img", 0 },
        { "dfvfs-ntfs.raw", 0 },
        { "dfvfs-vss.raw", 0 },
        { "dfvfs-windows_volume.raw", 0 },
        { "msuhanov-ntfs-lastaccess.raw", 128 * 512 },
        { "msuhanov-ntfs-ramslack.raw", 128 * 512 },
        { "plaso-usnjrnl.raw", 63 * 512 },
    };

    [Theory]
    [MemberData(nameof(Volumes))]
    public void Every_stream_is_what_The_Sleuth_Kit_reads(string name, long offset)
    {
        string gzip = Corpora.PathOf($"ntfs/{name}.gz");
        string[] expected = File.ReadAllLines(Corpora.PathOf($"ntfs/oracle/{name}.tsv"));
        var device = SparseMemoryDevice.FromGzip(gzip, offset);
        using var volume = NtfsVolume.Open(device, new NtfsOpenOptions { IgnoreJournal = true });

        var found = new Dictionary<string, string>();
        foreach (string file in SystemFiles)
        {
            Collect(volume, volume.Find(GuestPath.Parse(file))!, found);
        }

        foreach (var entry in volume.Enumerate(GuestPath.Root))
        {
            Collect(volume, entry, found);
        }

        int compared = 0;
        foreach (string[] row in expected.Select(l => l.Split('\t')).Where(r => r.Length == 7 && r[3] == "DATA"))
        {
            string key = $"{row[0]}\t{row[1].TrimStart('/')}\t{row[2]}";
            Assert.True(found.Remove(key, out string? line), $"{key} was not found");
            Assert.StartsWith(row[5] + "\t", line, StringComparison.Ordinal);
            if (row[6].Length == 64)
            {
                Assert.Equal($"{row[5]}\t{row[6]}", line);
            }

            compared++;
        }

        Assert.Empty(found.Keys);
        Assert.True(compared > 10);
    }

    private static void Collect(NtfsVolume volume, NtfsEntry entry, Dictionary<string, string> found)
    {
        foreach (NtfsStreamInfo stream in volume.GetStreams(entry.Path))
        {
            string path = entry.Path.ToString().Replace('\\', '/');
            string hash = stream.Length > 64 << 20 ? "big" : Hash(volume, entry.Path, stream.Name);
            found.Add($"{entry.RecordNumber}\t{path}\t{stream.Name}", $"{stream.Length}\t{hash}");
        }

        Assert.True(volume.GetSecurityDescriptor(entry.Path).Length is 0 or >= 20);
        if (entry.IsDirectory && entry.ReparseTag == 0)
        {
            foreach (NtfsEntry child in volume.Enumerate(entry.Path))
            {
                Collect(volume, child, found);
            }
        }
    }

    private static string Hash(NtfsVolume volume, GuestPath path, string stream)
    {
        using var opened = volume.OpenStream(path, stream);
        byte[] bytes = new byte[opened.Length];
        opened.ReadAt(0, bytes);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
