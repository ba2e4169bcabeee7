namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Who may do what with a file.</content>
public sealed partial class NtfsVolume
{
    /// <summary>Sets a security descriptor.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="descriptor">Self-relative.</param>
    /// <exception cref="DiskFormatException">There is no such file, or the descriptor is none.</exception>
    public void SetSecurityDescriptor(GuestPath path, ReadOnlySpan<byte> descriptor)
    {
        SecurityInheritance.Check(descriptor);
        lock (_gate)
        {
            Begin();
            Found found = Require(path);
            RequireWritable(found);
            SetSecurityId(found.File, Security.Add(descriptor));
            Touch(found.File, isDataChanged: false);
            WriteBackIfTooMuch();
        }
    }

    // Without a short name beside it a name is of the POSIX kind, as Windows makes it where short names are turned off.
    // $Extend\$Reparse and \$ObjId list the files that have such an attribute; a deleted one must not stay in them.
    private uint SecurityIdFor(byte[]? given, FileRecord folder, bool isDirectory)
    {
        if (given is { Length: > 0 })
        {
            SecurityInheritance.Check(given);
            return Security.Add(given);
        }

        return Security.Inherit(StandardOf(folder).SecurityId, SecurityOf(folder), isDirectory);
    }

    private void SetSecurityId(FileRecord file, uint id)
    {
        NtfsAttribute attribute = file.Require(AttributeType.StandardInformation);
        byte[] value = attribute.Value!;
        if (value.Length < StandardInformation.Size)
        {
            Array.Resize(ref value, StandardInformation.Size);
            attribute.Value = value;
        }

        StandardOf(file).SetSecurityId(id);
        if (file.Find(AttributeType.SecurityDescriptor) is { } old)
        {
            AttributeIo.MakeEmpty(this, old);
            file.Attributes.Remove(old);
        }
    }
}
