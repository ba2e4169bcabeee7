namespace VmUpdate.DiskFormats.Registry;

/// <summary>Finds a subkey by its name.</summary>
internal static class SubKeySearch
{
    /// <summary>Finds a subkey, reading only the keys whose hint allows it.</summary>
    /// <param name="cells">The hive.</param>
    /// <param name="key">The key above.</param>
    /// <param name="name">The name.</param>
    /// <returns>Its offset, or <see cref="HiveFormat.Nil"/>.</returns>
    /// <remarks>
    /// A list is gone through from its start rather than halved: the hints lie side by side, the names all over the hive, and
    /// the order of names that are not ASCII hangs on the table of the Windows that wrote them.
    /// </remarks>
    public static uint Find(HiveCells cells, in KeyNode key, string name)
    {
        bool isAscii = IsAscii(name);
        uint hash = HiveText.Hash(name.AsSpan());
        var cursor = new SubKeyCursor(cells, key);
        while (cursor.MoveNext())
        {
            bool possible = !isAscii || cursor.Kind switch
            {
                HiveFormat.Lh => cursor.Hint == hash,
                HiveFormat.Lf => HintAllows(cursor.Hint, name),
                _ => true,
            };
            if (!possible)
            {
                continue;
            }

            KeyNode child = KeyNode.Read(cells, cursor.Current);
            if (HiveText.Same(child.RawName(cells), child.IsCompressed, name.AsSpan()))
            {
                return cursor.Current;
            }
        }

        return HiveFormat.Nil;
    }

    // The first four characters, as bytes; zero where a name has fewer, and all zero where one of them is not Latin-1.
    private static bool HintAllows(uint hint, string name)
    {
        for (int i = 0; hint != 0 && i < 4; i++)
        {
            char there = (char)((hint >> (8 * i)) & 0xFF);
            char wanted = i < name.Length ? name[i] : '\0';
            if (HiveText.Upcase(there) != HiveText.Upcase(wanted))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsAscii(string name)
    {
        foreach (char c in name)
        {
            if (c > 0x7F)
            {
                return false;
            }
        }

        return true;
    }
}
