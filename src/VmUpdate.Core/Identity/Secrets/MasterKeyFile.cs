using System.Buffers.Binary;
using System.Text;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>A DPAPI master key file of a machine: <c>System32\Microsoft\Protect\S-1-5-18\[User\]{id}</c>.</summary>
/// <remarks>
/// Little-endian; offset and length in bytes:
/// <code>
///   0    4  Version          2
///   4    8  Reserved
///  12   72  Id               UTF-16, 36 characters, the file's name
///  84    8  Reserved
///  92    4  Flags            kept as found
///  96    8  MasterKeyLength
/// 104    8  BackupKeyLength
/// 112    8  HistoryLength    which password of the past, for users
/// 120    8  DomainKeyLength  the copy that a domain's controllers can open, for users of one
/// 128       the four sections in this order
/// </code>
/// </remarks>
internal sealed class MasterKeyFile
{
    /// <summary>The longest file that is looked at, in bytes: Windows' own have 468 to about 1,200.</summary>
    public const int MaxSize = 64 * 1024;

    private const int HeaderSize = 128;
    private const int IdOffset = 12;
    private const int IdSize = 72;
    private const int LengthsOffset = 96;
    private const uint SupportedVersion = 2;
    private const int MasterKeySize = 64;

    private readonly byte[] _file;
    private readonly string _subject;
    private readonly string _path;
    private readonly int _masterLength;
    private readonly int _backupLength;

    private MasterKeyFile(byte[] file, Guid id, int masterLength, int backupLength, string subject, string path)
    {
        _file = file;
        _masterLength = masterLength;
        _backupLength = backupLength;
        _subject = subject;
        _path = path;
        Id = id;
    }

    /// <summary>The key's id, by which everything sealed under it names it.</summary>
    public Guid Id { get; }

    /// <summary>Looks at a file without opening its keys.</summary>
    /// <param name="file">Its bytes.</param>
    /// <param name="subject">What messages call the disk.</param>
    /// <param name="path">Where the file lies; its name is the key's id.</param>
    /// <returns>The file.</returns>
    /// <exception cref="IdentityException">It is no master key file, of another version, or damaged.</exception>
    public static MasterKeyFile Read(byte[] file, string subject, string path)
    {
        if (file.Length < HeaderSize)
        {
            throw Fail(subject, path, $"it has {file.Length} bytes, and its header alone has {HeaderSize}");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(file);
        if (version != SupportedVersion)
        {
            throw new IdentityException(
                IdentityFailure.SecretFormUnsupported,
                subject,
                $"a master key file of version {version}; only {SupportedVersion} is known.",
                path);
        }

        string name = path.Substring(path.LastIndexOf('\\') + 1);
        string idText = Encoding.Unicode.GetString(file, IdOffset, IdSize);
        if (!Guid.TryParseExact(idText, "D", out Guid id) || !string.Equals(idText, name, StringComparison.OrdinalIgnoreCase))
        {
            throw Fail(subject, path, "the id in it is not its name");
        }

        ulong total = HeaderSize;
        var lengths = new ulong[4];
        for (int index = 0; index < lengths.Length; index++)
        {
            lengths[index] = BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(LengthsOffset + (index * sizeof(ulong))));
            total += Math.Min(lengths[index], MaxSize);
            if (lengths[index] > MaxSize || total > (ulong)file.Length)
            {
                throw Fail(subject, path, $"its sections lead beyond its {file.Length} bytes");
            }
        }

        return new MasterKeyFile(file, id, (int)lengths[0], (int)lengths[1], subject, path);
    }

    /// <summary>Opens the master key.</summary>
    /// <param name="system">The DPAPI_SYSTEM of the disk it lies on.</param>
    /// <param name="likely">The half it should be under; the other is tried after it.</param>
    /// <returns>The key and the half it was under.</returns>
    /// <exception cref="IdentityException">It opens under neither half.</exception>
    public (SecretBuffer Key, DpapiSystemPart Part) Open(DpapiSystem system, DpapiSystemPart likely)
    {
        MasterKeySection section = MasterKeySection.Read(Section(HeaderSize, _masterLength), _subject, $"{_path}, master key");
        (SecretBuffer Key, DpapiSystemPart Part) opened = TryOpen(section, system, likely) ?? throw new IdentityException(
            IdentityFailure.MasterKeyUnreadable,
            _subject,
            "it opens under neither half of this disk's DPAPI_SYSTEM: what it protects is lost on this disk already.",
            _path);
        if (opened.Key.Length != MasterKeySize)
        {
            opened.Key.Dispose();
            throw Fail(_subject, _path, $"its key has {opened.Key.Length} bytes, and a master key has {MasterKeySize}");
        }

        return opened;
    }

    /// <summary>Seals the file's keys for another Windows: same form, same halves, fresh salts; all else stays as it is.</summary>
    /// <param name="own">The DPAPI_SYSTEM of the disk it lies on.</param>
    /// <param name="other">The DPAPI_SYSTEM it shall open under.</param>
    /// <param name="likely">The half it should be under.</param>
    /// <param name="salt">Where salts come from.</param>
    /// <returns>The new file, as long as this one.</returns>
    /// <exception cref="IdentityException">The master key opens under neither half.</exception>
    public byte[] SealAgain(DpapiSystem own, DpapiSystem other, DpapiSystemPart likely, SaltSource salt)
    {
        byte[] file = (byte[])_file.Clone();
        (SecretBuffer key, DpapiSystemPart part) = Open(own, likely);
        using (key)
        {
            MasterKeySection master = MasterKeySection.Read(Section(HeaderSize, _masterLength), _subject, _path);
            master.SealAgain(key, other.Key(part), salt).CopyTo(file, HeaderSize);
        }

        if (_backupLength > 0)
        {
            // Windows opens nothing of a machine with the backup key. One that does not open is therefore no reason to give up the
            // master key; it stays as it lies.
            int at = HeaderSize + _masterLength;
            MasterKeySection backup = MasterKeySection.Read(Section(at, _backupLength), _subject, $"{_path}, backup key");
            if (TryOpen(backup, own, part) is { } opened)
            {
                using (opened.Key)
                {
                    backup.SealAgain(opened.Key, other.Key(opened.Part), salt).CopyTo(file, at);
                }
            }
        }

        return file;
    }

    private static (SecretBuffer Key, DpapiSystemPart Part)? TryOpen(MasterKeySection section, DpapiSystem system, DpapiSystemPart likely)
    {
        DpapiSystemPart unlikely = likely == DpapiSystemPart.Machine ? DpapiSystemPart.User : DpapiSystemPart.Machine;
        foreach (DpapiSystemPart part in new[] { likely, unlikely })
        {
            if (section.Open(system.Key(part)) is { } key)
            {
                return (key, part);
            }
        }

        return null;
    }

    private static IdentityException Fail(string subject, string path, string what) => new(
        IdentityFailure.MasterKeyUnreadable, subject, $"{what}: it is no DPAPI master key file, or it is damaged.", path);

    private byte[] Section(int offset, int length) => _file.AsSpan(offset, length).ToArray();
}
