using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace VmUpdate.Lab;

/// <summary>What makes one made-up machine itself. The same seed and name always give the same.</summary>
public sealed class LabIdentity
{
    private readonly string _root;

    /// <summary>Makes the identity of a machine.</summary>
    /// <param name="seed">The lab's seed.</param>
    /// <param name="computerName">The machine's name.</param>
    public LabIdentity(int seed, string computerName)
    {
        ComputerName = computerName;
        _root = string.Format(CultureInfo.InvariantCulture, "{0}/{1}/", seed, computerName);
    }

    /// <summary>What Windows calls itself.</summary>
    public string ComputerName { get; }

    /// <summary>SOFTWARE, Microsoft\Cryptography.</summary>
    public string MachineGuid => Id("machine-guid").ToString("D");

    /// <summary>SOFTWARE, Microsoft\SQMClient.</summary>
    public string SqmMachineId => Id("sqm").ToString("B").ToUpperInvariant();

    /// <summary>SOFTWARE, the Windows Update client's id.</summary>
    public string SusClientId => Id("sus").ToString("D");

    /// <summary>The DHCPv6 client's id: a DUID-LLT.</summary>
    public byte[] Duid => [0, 1, 0, 1, .. Bytes("duid", 10)];

    /// <summary>The queue manager's id.</summary>
    public byte[] QueueManagerId => Bytes("qm", 16);

    /// <summary>The Tanium client's id.</summary>
    public uint TaniumId => BitConverter.ToUInt32(Bytes("tanium", 4), 0);

    /// <summary>The Defender for Endpoint sensor's id.</summary>
    public string SenseGuid => Id("sense").ToString("D");

    /// <summary>Bytes that belong to the machine.</summary>
    /// <param name="what">What they are of.</param>
    /// <param name="count">How many.</param>
    /// <returns>The bytes.</returns>
    public byte[] Bytes(string what, int count)
    {
        var bytes = new List<byte>();
        using var sha256 = SHA256.Create();
        for (int block = 0; bytes.Count < count; block++)
        {
            string text = string.Format(CultureInfo.InvariantCulture, "{0}{1}/{2}", _root, what, block);
#pragma warning disable CA1850 // the static method is not in netstandard2.0
            bytes.AddRange(sha256.ComputeHash(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA1850
        }

        return bytes.Take(count).ToArray();
    }

    private Guid Id(string what) => new(Bytes(what, 16));
}
