namespace VmUpdate.DiskFormats;

/// <summary>The bytes of a disk, a volume or a hive are not what their format says, or ask for what is not supported.</summary>
public sealed class DiskFormatException : VmUpdateException
{
    /// <summary>Makes the failure.</summary>
    /// <param name="defect">The cause.</param>
    /// <param name="structure">The structure's name in its specification.</param>
    /// <param name="offset">Where the structure is, in bytes from the start of what holds it; negative when it has no place.</param>
    /// <param name="message">One sentence: what was expected and what was found.</param>
    /// <param name="subject">The file or volume, when the thrower knows it.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public DiskFormatException(
        DiskFormatDefect defect, string structure, long offset, string message, string subject = "", Exception? inner = null)
        : base(subject, offset < 0 ? structure : $"{structure} at 0x{offset:X}", Compose(structure, offset, message, subject), inner)
    {
        Defect = defect;
        Structure = structure;
        Offset = offset;
        Detail = message;
    }

    /// <summary>The cause.</summary>
    public DiskFormatDefect Defect { get; }

    /// <summary>The structure's name in its specification.</summary>
    public string Structure { get; }

    /// <summary>Where the structure is, in bytes; negative when it has no place.</summary>
    public long Offset { get; }

    /// <summary>The sentence without structure and subject.</summary>
    public string Detail { get; }

    /// <inheritdoc/>
    public override string Code => $"Disk{Defect}";

    /// <summary>The same failure, with the file or volume named.</summary>
    /// <param name="subject">The file or volume.</param>
    /// <returns>This failure when it names a subject already, else a copy that does.</returns>
    public DiskFormatException In(string subject) =>
        Subject.Length > 0 ? this : new DiskFormatException(Defect, Structure, Offset, Detail, subject, this);

    private static string Compose(string structure, long offset, string message, string subject)
    {
        string place = offset < 0 ? structure : $"{structure} at 0x{offset:X}";
        return subject.Length == 0 ? $"{place}: {message}" : $"{subject}: {place}: {message}";
    }
}
