using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Identity.Secrets;
using VmUpdate.Core.Tests.Identity.Secrets;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Registry;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.Support;

namespace VmUpdate.Core.Tests.Identity.Support;

/// <summary>One line of <c>catalogue-cases.tsv</c>: an item, a place it means, and what must become of what lies there.</summary>
internal sealed record CatalogueCase(string Set, string Item, string Place, string Both, string Word, string Bare)
{
    public const string OldGuid = "61841625-24c4-495b-9080-eccd903b9e6f";
    public const string MasterGuid = "e887647a-002b-06f5-ab6e-852bbc627739";
    private static readonly Guid MasterKey = new("5f3a0c1e-7a44-4f0e-8a31-0d7f3c2b1a90");
    private static readonly Dictionary<(string Issuer, bool IsOld), byte[]> Certificates = [];

    private string Kind => Place.Split(' ')[0];

    private string[] Parts => Place.Substring(Math.Min(Kind.Length + 1, Place.Length)).Split('|');

    public static IReadOnlyList<CatalogueCase> All { get; } = File
        .ReadAllLines(Path.Combine(RepositoryRoot.Path, "tests", "VmUpdate.Core.Tests", "Identity", "Support", "catalogue-cases.tsv"))
        .Where(line => !line.StartsWith('#'))
        .Select(line => line.Split('\t'))
        .Select(fields => new CatalogueCase(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]))
        .ToList();

    public override string ToString() => $"{Set}: {Item} ({Place})";

    /// <summary>Puts something of that machine's own there.</summary>
    public void Plant(SealedMachine machine, bool isOld)
    {
        string mine = $"{(isOld ? "old" : "master")} {Set} {Item}";
        WindowsDiskBuilder disk = machine.Disk;
        switch (Kind)
        {
            case "value":
                disk.Value(Parts[0], Parts[1], Parts[2], WindowsDiskBuilder.Sz, ValueData(mine, isOld));
                break;
            case "key":
                disk.Value(Parts[0], Parts[1], Parts[2], mine).Value(Parts[0], Parts[1] + "\\below", "y", mine);
                break;
            case "certificate":
                disk.Value("SOFTWARE", $"{Parts[0]}\\{Thumbprint}", "Blob", WindowsDiskBuilder.Binary, Blob(Parts[1], isOld));
                break;
            case "file":
                machine.File(Parts[0], Encoding.UTF8.GetBytes(Parts.Length > 1 ? $"{Parts[1]} {mine}" : mine));
                break;
            case "answer":
                machine.File(Parts[0], Encoding.UTF8.GetBytes($"<unattend><AutoLogon><Password><Value>{mine}</Value></Password></AutoLogon></unattend>"));
                break;
            case "secret" when Parts[0] != "DPAPI_SYSTEM": // that one every sealed machine has
                machine.Secret(Parts[0], Encoding.Unicode.GetBytes(mine), Encoding.Unicode.GetBytes(mine + " before"));
                break;
            case "master-keys" when isOld:
                machine.MasterKey(MasterKey, machine.Bytes(64));
                break;
            case "suffix":
                disk.File($@"{Parts[0]}\aa{Math.Abs(Parts[0].Length)}_{(isOld ? OldGuid + "-not-meant" : MasterGuid)}", mine);
                break;
            case "address":
                string key = $@"{disk.ControlSet}\Services\Tcpip\Parameters\Interfaces\{Parts[0]}";
                disk.Value("SYSTEM", key, "EnableDHCP", WindowsDiskBuilder.Dword, [0, 0, 0, 0])
                    .Value("SYSTEM", key, "IPAddress", 7, Encoding.Unicode.GetBytes($"10.0.0.{(isOld ? 1 : 2)}\0\0"));
                break;
        }
    }

    /// <summary>What a disk holds there; <see langword="null"/> for nothing.</summary>
    public string? State(GuestDisk disk, string containerSuffix = MasterGuid)
    {
        switch (Kind)
        {
            case "value":
                return Key(disk, Parts[0], Parts[1])?.FindValue(Parts[2]) is { } value ? Convert.ToHexString(value.Data) : null;
            case "key":
                return Key(disk, Parts[0], Parts[1]) is { } key ? Convert.ToHexString(KeyTree.Serialize(key)) : null;
            case "certificate":
                return Key(disk, "SOFTWARE", $"{Parts[0]}\\{Thumbprint}") is { } store ? Convert.ToHexString(KeyTree.Serialize(store)) : null;
            case "file" or "answer":
                return FileText(disk, Parts[0]);
            case "secret":
                using (GuestSecrets secrets = GuestSecrets.Open(disk))
                using (SecretBuffer? plain = secrets.Read(Parts[0], LsaSecretPart.CurrVal))
                {
                    return plain is null ? null : Convert.ToHexString(plain.Span);
                }

            case "master-keys":
                // Sealed anew for each disk, so only that it is there can be compared; that it opens, the swap itself verifies.
                return disk.Volume.Find(GuestPath.Parse(SealedMachine.ProtectFolder + MasterKey)) is null ? null : "a master key";
            case "sid":
                return disk.MachineSid?.ToString();
            case "suffix":
                return FileText(disk, $@"{Parts[0]}\aa{Math.Abs(Parts[0].Length)}_{containerSuffix}");
            default:
                return StaticAddress.Read(disk).Select(address => address.ToString()).SingleOrDefault();
        }
    }

    private string Thumbprint => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Set + Item)).AsSpan(0, 20));

    private byte[] ValueData(string mine, bool isOld) => Parts[2] switch
    {
        "MachineGuid" when Set == "machine-guid" => Encoding.Unicode.GetBytes((isOld ? OldGuid : MasterGuid) + '\0'),
        "AutoAdminLogon" => Encoding.Unicode.GetBytes(isOld ? "1\0" : "2\0"),
        _ => Encoding.Unicode.GetBytes(mine + '\0'),
    };

    private static RegistryKey? Key(GuestDisk disk, string hive, string path) =>
        disk.OpenHive(Enum.Parse<HiveName>(hive, ignoreCase: true)).Find(path);

    private static string? FileText(GuestDisk disk, string path)
    {
        if (disk.Volume.Find(GuestPath.Parse(path)) is null)
        {
            return null;
        }

        using IBlockFile file = disk.Volume.OpenStream(GuestPath.Parse(path));
        byte[] bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>A certificate of that issuer for client authentication, as a store of the registry holds it.</summary>
    public static byte[] Blob(string issuer, bool isOld)
    {
        lock (Certificates)
        {
            if (!Certificates.TryGetValue((issuer, isOld), out byte[]? blob))
            {
                blob = MakeBlob(issuer, isOld ? "CN=pc7" : "CN=master");
                Certificates.Add((issuer, isOld), blob);
            }

            return blob;
        }
    }

    private static byte[] MakeBlob(string issuer, string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using X509Certificate2 certificate = request.Create(
            new X500DistinguishedName(issuer), X509SignatureGenerator.CreateForECDsa(key), new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2035, 1, 1, 0, 0, 0, TimeSpan.Zero), [1, 2, 3]);
        byte[] provider = Encoding.Unicode.GetBytes("container");
        return
        [
            .. BitConverter.GetBytes(2), .. BitConverter.GetBytes(1), .. BitConverter.GetBytes(provider.Length), .. provider,
            .. BitConverter.GetBytes(32), .. BitConverter.GetBytes(1), .. BitConverter.GetBytes(certificate.RawData.Length), .. certificate.RawData,
        ];
    }
}
