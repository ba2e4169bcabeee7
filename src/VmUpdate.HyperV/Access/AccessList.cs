using System.Globalization;

namespace VmUpdate.HyperV.Access;

/// <summary>A file's list of who may do what, as text.</summary>
/// <remarks>
/// [MS-DTYP] 2.5.1, the security descriptor definition language: <c>D:P(A;;FA;;;SY)(A;ID;0x1200a9;;;BU)</c>. In each entry: type, flags,
/// rights, two GUIDs, the account. Entries that deny stand before those that allow, and inherited ones behind all.
/// </remarks>
internal static class AccessList
{
    /// <summary>FILE_GENERIC_READ.</summary>
    internal const uint Read = 0x120089;

    /// <summary>FILE_GENERIC_READ and FILE_GENERIC_WRITE.</summary>
    internal const uint ReadAndWrite = 0x12019F;

    private const int Parts = 6;

    private static readonly Dictionary<string, uint> Words = new(StringComparer.Ordinal)
    {
        ["GA"] = 0x1F01FF, ["GR"] = Read, ["GW"] = 0x120116, ["GX"] = 0x1200A0,
        ["FA"] = 0x1F01FF, ["FR"] = Read, ["FW"] = 0x120116, ["FX"] = 0x1200A0,
        ["CC"] = 0x1, ["DC"] = 0x2, ["LC"] = 0x4, ["SW"] = 0x8, ["RP"] = 0x10, ["WP"] = 0x20, ["DT"] = 0x40, ["LO"] = 0x80, ["CR"] = 0x100,
        ["SD"] = 0x10000, ["RC"] = 0x20000, ["WD"] = 0x40000, ["WO"] = 0x80000,
    };

    /// <summary>Whether one entry allows an account all of some rights, the file itself and not only what is made in a folder.</summary>
    internal static bool Allows(string descriptor, string sid, uint rights) => Entries(descriptor)
        .Select(entry => entry.Split(';'))
        .Any(parts => parts.Length >= Parts && parts[0] == "A" && !parts[1].Contains("IO") && string.Equals(parts[5], sid, StringComparison.OrdinalIgnoreCase)
            && (RightsOf(parts[2]) & rights) == rights);

    /// <summary>The list with one entry more: behind those that deny, before those that are inherited.</summary>
    internal static string With(string descriptor, string sid, uint rights)
    {
        string entry = $"(A;;0x{rights.ToString("x", CultureInfo.InvariantCulture)};;;{sid})";
        int list = ListStart(descriptor);
        if (list < 0)
        {
            return descriptor + "D:" + entry;
        }

        int at = descriptor.IndexOf('(', list);
        int end = ListEnd(descriptor, list);
        at = at < 0 || at > end ? end : at;
        while (at < end && descriptor[at] == '(' && descriptor.Substring(at + 1).Split(';') is [var type, var flags, ..] && type is "D" or "XD" && !flags.Contains("ID"))
        {
            at = descriptor.IndexOf(')', at) + 1;
        }

        return descriptor.Insert(at, entry);
    }

    private static int ListStart(string descriptor)
    {
        int at = descriptor.IndexOf("D:", StringComparison.Ordinal);
        return at < 0 ? -1 : at + 2;
    }

    /// <summary>Where the list ends: at the descriptor's end, or where the list of what is watched begins.</summary>
    private static int ListEnd(string descriptor, int start)
    {
        int next = descriptor.IndexOf("S:", start, StringComparison.Ordinal);
        return next < 0 ? descriptor.Length : next;
    }

    private static IEnumerable<string> Entries(string descriptor)
    {
        int list = ListStart(descriptor);
        int end = list < 0 ? 0 : ListEnd(descriptor, list);
        for (int open = list < 0 ? -1 : descriptor.IndexOf('(', list); open >= 0 && open < end; open = descriptor.IndexOf('(', open + 1))
        {
            int close = descriptor.IndexOf(')', open);
            if (close < 0)
            {
                yield break;
            }

            yield return descriptor.Substring(open + 1, close - open - 1);
        }
    }

    private static uint RightsOf(string text)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return uint.TryParse(text.Substring(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint mask) ? mask : 0;
        }

        uint rights = 0;
        for (int i = 0; i + 1 < text.Length; i += 2)
        {
            rights |= Words.TryGetValue(text.Substring(i, 2), out uint word) ? word : 0;
        }

        return rights;
    }
}
