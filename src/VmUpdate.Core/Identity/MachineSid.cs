using System.Buffers.Binary;
using System.Globalization;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>The SID of a machine's own account domain: <c>S-1-5-21-a-b-c</c>. It is only ever compared, never written.</summary>
public sealed record MachineSid
{
    internal const string AccountKey = "SAM\\Domains\\Account";
    internal const string ValueName = "V";
    private const int SubAuthoritiesSize = 12; // the last three 32-bit numbers of value V
    private const int SidHeaderSize = 8;       // revision, count, 48-bit authority
    private readonly uint _a;
    private readonly uint _b;
    private readonly uint _c;

    private MachineSid(ReadOnlySpan<byte> subAuthorities)
    {
        _a = BinaryPrimitives.ReadUInt32LittleEndian(subAuthorities);
        _b = BinaryPrimitives.ReadUInt32LittleEndian(subAuthorities.Slice(4));
        _c = BinaryPrimitives.ReadUInt32LittleEndian(subAuthorities.Slice(8));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "S-1-5-21-{0}-{1}-{2}", _a, _b, _c);

    internal static MachineSid? Read(GuestDisk disk)
    {
        if (!disk.HasHive(HiveName.Sam))
        {
            return null;
        }

        RegistryValue? account = disk.OpenHive(HiveName.Sam).Find(AccountKey)?.FindValue(ValueName);
        return account is { Data.Length: >= SubAuthoritiesSize }
            ? new MachineSid(account.Data.AsSpan(account.Data.Length - SubAuthoritiesSize))
            : null;
    }

    /// <summary>A SAM that holds something else than accounts is damaged or not this Windows': whose SID the machine has is unknown then.</summary>
    /// <exception cref="IdentityException"><see cref="IdentityFailure.HiveIncomplete"/>.</exception>
    internal static void RequireReadable(GuestDisk disk)
    {
        if (disk.MachineSid is null && disk.HasHive(HiveName.Sam) && disk.OpenHive(HiveName.Sam).Root.SubKeys.Any())
        {
            throw new IdentityException(
                IdentityFailure.HiveIncomplete, disk.Subject, $"the SAM hive holds no accounts: it has no value {ValueName} from which to read the machine SID.", AccountKey);
        }
    }

    /// <summary>The relative id of an account of this machine; <see langword="null"/> for any other SID.</summary>
    internal uint? RelativeId(ReadOnlySpan<byte> sid)
    {
        // [MS-DTYP] 2.4.2.2: revision 1, five sub-authorities, authority 5, then 21, a, b, c and the relative id.
        ReadOnlySpan<byte> prefix = [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0];
        if (sid.Length != SidHeaderSize + (5 * sizeof(uint)) || !sid.Slice(0, prefix.Length).SequenceEqual(prefix))
        {
            return null;
        }

        bool isOwn = Equals(new MachineSid(sid.Slice(prefix.Length)));
        return isOwn ? BinaryPrimitives.ReadUInt32LittleEndian(sid.Slice(prefix.Length + SubAuthoritiesSize)) : null;
    }

    internal static bool HasAccount(GuestDisk disk, uint relativeId)
    {
        // Well-known accounts and groups below 1000 exist on every Windows; their keys are not all under Users.
        const uint firstOwnAccount = 1000;
        string users = $"{AccountKey}\\Users\\{relativeId.ToString("X8", CultureInfo.InvariantCulture)}";
        string aliases = $"{AccountKey}\\Aliases\\{relativeId.ToString("X8", CultureInfo.InvariantCulture)}";
        return relativeId < firstOwnAccount
            || disk.OpenHive(HiveName.Sam).Find(users) is not null
            || disk.OpenHive(HiveName.Sam).Find(aliases) is not null;
    }
}
