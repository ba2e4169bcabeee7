namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>The volume's own table of capitals ($UpCase), by which names are compared.</summary>
internal sealed class NtfsText(ushort[] upCase)
{
    // Nearly every volume has this table: all of those share one.
    private static readonly Lazy<ushort[]> Usual = new(UpCaseTable.Create);

    /// <summary>The rules of a volume.</summary>
    /// <param name="upCase">Its table, <see cref="UpCaseTable.Length"/> capitals.</param>
    public static NtfsText Of(ReadOnlySpan<ushort> upCase) => new(upCase.SequenceEqual(Usual.Value) ? Usual.Value : upCase.ToArray());

    /// <summary>The capital of a character.</summary>
    public ushort ToUpper(char character) => upCase[character];

    /// <summary>Compares names without case: the order of a folder's index.</summary>
    public int CompareIgnoringCase(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        int length = Math.Min(left.Length, right.Length);
        for (int i = 0; i < length; i++)
        {
            if (left[i] != right[i])
            {
                int difference = upCase[left[i]] - upCase[right[i]];
                if (difference != 0)
                {
                    return difference;
                }
            }
        }

        return left.Length - right.Length;
    }

    /// <summary>The same, and where names differ by case only, by their codes.</summary>
    public int Compare(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        int difference = CompareIgnoringCase(left, right);
        return difference != 0 ? difference : left.SequenceCompareTo(right);
    }
}
