using System.Text;

namespace VmUpdate.PowerShell.Tests.Support;

/// <summary>Masters that are of no use, each in one way: a copy of a good one with a few bytes changed, or something else altogether.</summary>
internal static class BadDisk
{
    private const int RecordSize = 1024; // of the file table
    private const int VolumeRecord = 3; // $Volume
    private const uint VolumeInformation = 0x70;
    private const byte Dirty = 1;

    internal static string Make(Lab lab, string kind)
    {
        string path = Path.Combine(lab.Beside, $"{kind}.vhdx");
        if (kind == "text")
        {
            File.WriteAllText(path, string.Concat(Enumerable.Repeat("This is no disk.\n", 1000)));
        }
        else if (kind == "vhd")
        {
            // A fixed VHD: the data, then a footer of 512 bytes that begins with "conectix".
            File.WriteAllBytes(path, [.. new byte[1 << 20], .. "conectix"u8, .. new byte[504]]);
        }
        else if (kind is "hibernated" or "two-windows")
        {
            File.Copy(lab.NewMaster, path);
            ShellProcess.Spoil(path, kind);
        }
        else if (kind != "missing")
        {
            byte[] disk = File.ReadAllBytes(lab.NewMaster);
            File.WriteAllBytes(path, kind == "truncated" ? disk[..(disk.Length / 2)] : Changed(disk, kind));
        }

        return path;
    }

    /// <summary>Makes a machine's disk say that its parent is elsewhere, in its relative path, without changing the path's length.</summary>
    /// <param name="disk">The disk, a child.</param>
    /// <param name="start">How the new path begins; the rest is filled up.</param>
    internal static void LeadElsewhere(string disk, string start)
    {
        byte[] bytes = File.ReadAllBytes(disk);
        byte[] key = Encoding.Unicode.GetBytes("relative_path");
        int value = Find(bytes, key)[0] + key.Length;
        int end = Find(bytes, Encoding.Unicode.GetBytes(".vhdx")).First(place => place >= value);
        string path = start + new string('x', ((end - value) / 2) - start.Length);
        Encoding.Unicode.GetBytes(path).CopyTo(bytes, value);
        File.WriteAllBytes(disk, bytes);
    }

    private static byte[] Changed(byte[] disk, string kind)
    {
        switch (kind)
        {
            case "bitlocker":
                Replace(disk, "NTFS    "u8, "-FVE-FS-"u8);
                break;
            case "no-windows":
                Replace(disk, Encoding.Unicode.GetBytes("config"), Encoding.Unicode.GetBytes("confih"));
                break;
            case "hive-checksum":
                foreach (int hive in Find(disk, "regf"u8))
                {
                    disk[hive + 508] ^= 0xFF; // [regf] the base block's checksum
                }

                break;
            case "dirty":
                int record = Find(disk, "FILE"u8).First(at => BitConverter.ToUInt32(disk, at + 0x2C) == VolumeRecord && at % RecordSize == 0);
                int attribute = record + BitConverter.ToUInt16(disk, record + 0x14);
                while (BitConverter.ToUInt32(disk, attribute) != VolumeInformation)
                {
                    attribute += BitConverter.ToInt32(disk, attribute + 4);
                }

                disk[attribute + BitConverter.ToUInt16(disk, attribute + 0x14) + 10] |= Dirty;
                break;
            default:
                throw new ArgumentException(kind);
        }

        return disk;
    }

    private static void Replace(byte[] disk, ReadOnlySpan<byte> what, ReadOnlySpan<byte> by)
    {
        List<int> places = Find(disk, what);
        Assert.NotEmpty(places);
        foreach (int place in places)
        {
            by.CopyTo(disk.AsSpan(place));
        }
    }

    private static List<int> Find(byte[] disk, ReadOnlySpan<byte> what)
    {
        var places = new List<int>();
        for (int next = 0, found; (found = disk.AsSpan(next).IndexOf(what)) >= 0; next += found + 1)
        {
            places.Add(next + found);
        }

        return places;
    }
}
