using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.Json;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.Simulation.Files;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

/// <summary>Plants secrets on two disks, moves one onto the other, and looks for the secrets in everything that comes out.</summary>
public sealed class SecretsStayHiddenTests
{
    private readonly PlantedSecrets _planted = new();

    [Theory]
    [InlineData(DpapiMode.Rewrap)]
    [InlineData(DpapiMode.Replace)]
    public void No_secret_is_in_the_plan_the_manifest_the_bundle_or_on_the_new_disk(DpapiMode mode)
    {
        IdentityOptions options = SwappedPairs.Options(mode);
        var transfer = new IdentityTransfer(IdentityCatalogue.LoadBuiltIn());
        MemoryDisk oldBytes = _planted.Old.Disk.Build();
        MemoryDisk fresh = _planted.Master.Disk.Build();
        using GuestDisk old = SwapOfIdentity.Open(oldBytes, "old");
        using GuestDisk target = SwapOfIdentity.Open(fresh, "fresh", writable: true);

        IdentityPlan plan = transfer.Plan(old, target, options);
        using IdentityBundle bundle = transfer.Preserve(old, target, plan, options);
        byte[] payload = new byte[bundle.Payload.Length];
        bundle.Payload.Read(0, payload);
        transfer.Restore(target, bundle);
        target.Commit();

        Assert.Contains(plan.Decisions, decision => decision is { Set: "dpapi-system", Outcome: SetOutcome.Carried });
        Assert.Contains(plan.Decisions, decision => decision is { Set: "domain-trust", Outcome: SetOutcome.Carried });
        AssertHidden(payload); // what a store with a pass-through seal would keep
        AssertHidden(JsonSerializer.SerializeToUtf8Bytes(bundle.Manifest));
        AssertHidden(Everything(plan));
        AssertHidden(Everything(bundle.Manifest));
        AssertHidden(Everything(new IdentityReader(transfer.Catalogue).Read(target)));
        AssertHidden(BytesOf(fresh));
        AssertHidden(BytesOf(oldBytes)); // the search itself: a disk of Windows holds none of these in clear either
        AssertHidden(string.Join('\n', MemberTexts(bundle), MemberTexts(plan)));
    }

    [Fact]
    public void No_secret_is_in_any_failure()
    {
        var failures = new List<Exception>();
        Action<SealedMachine, SealedMachine>[] damages =
        [
            (old, _) => old.Disk.Hive("SYSTEM", hive => hive.Find(@"ControlSet001\Control\Lsa\JD")!.SetClassName("xyz")),
            (old, _) => old.Disk.Hive("SYSTEM", hive => hive.Find(@"ControlSet001\Control\Lsa")!.DeleteSubKey("GBG")),
            (_, master) => master.Disk.Hive("SYSTEM", hive => hive.Find(@"ControlSet001\Control\Lsa\Data")!.SetClassName("00000000")),
            (old, _) => Damage(old, @"Policy\PolEKList", 70),
            (old, _) => Damage(old, @"Policy\PolEKList", 20),
            (old, _) => Damage(old, @"Policy\Secrets\$MACHINE.ACC\CurrVal", 8),
            (old, _) => Damage(old, @"Policy\Secrets\$MACHINE.ACC\CurrVal", 61),
            (old, _) => Damage(old, @"Policy\Secrets\$MACHINE.ACC\OldVal", 21),
            (old, _) => Damage(old, @"Policy\Secrets\DPAPI_SYSTEM\CurrVal", 62),
            (_, master) => Damage(master, @"Policy\Secrets\DPAPI_SYSTEM\CurrVal", 62),
            (old, _) => old.Secret("DPAPI_SYSTEM", old.DpapiSystem[..43]),
            (_, master) => master.Secret("DPAPI_SYSTEM", [9, .. master.DpapiSystem[1..]]),
            (old, _) => old.Secret("DPAPI_SYSTEM", [1, 0, 0, 0, .. old.Bytes(40)]),
            (_, master) => master.MasterKey(PlantedSecrets.Key, master.Bytes(64)),
        ];
        foreach (Action<SealedMachine, SealedMachine> damage in damages)
        {
            var planted = new PlantedSecrets();
            damage(planted.Old, planted.Master);
            failures.Add(Assert.ThrowsAny<VmUpdateException>(() => SwapOfIdentity.Run(planted.Old.Disk, planted.Master.Disk).Dispose()));
        }

        foreach (Exception failure in failures)
        {
            AssertHidden(failure.ToString());
            AssertHidden(MemberTexts(failure));
        }

        Assert.True(failures.Select(failure => ((VmUpdateException)failure).Code).Distinct().Count() >= 6);
    }

    [Fact]
    public void The_search_finds_a_secret_in_every_form_in_which_one_might_leak()
    {
        string[] leaks =
        [
            $"key = {Convert.ToHexString(_planted.Account)}",
            $"key = {Convert.ToHexStringLower(_planted.Account)}",
            $"key = {BitConverter.ToString(_planted.Account)}",
            $"key = {Convert.ToBase64String(_planted.Account)}",
            $"key = {Convert.ToBase64String((byte[])[1, .. _planted.Account])}",
            $"key = {Convert.ToBase64String((byte[])[1, 2, .. _planted.Account])}",
            $"key = [{string.Join(",", _planted.Account)}]",
            $"key = {string.Concat(_planted.Account.Select(part => (char)part))}",
        ];

        Assert.All(leaks, leak => Assert.NotEmpty(_planted.Search.Find(leak)));
        Assert.All(leaks, leak => Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertHidden(Encoding.Unicode.GetBytes(leak))));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertHidden((byte[])[0, 0, .. _planted.Account, 0]));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertHidden(new InvalidOperationException($"cannot open {Convert.ToHexString(_planted.Account)}").ToString()));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertHidden(Everything(new { Name = "x", Inner = new[] { new { Secret = _planted.Account } } })));
        AssertHidden("key = (secret)");
    }

    private static void Damage(SealedMachine machine, string key, int at) => machine.Disk.Hive("SECURITY", hive =>
    {
        byte[] record = hive.Find(key)!.FindValue(string.Empty)!.Data;
        record[at] ^= 0x41;
        hive.Find(key)!.SetValue(string.Empty, 0, record);
    });

    private static byte[] BytesOf(MemoryDisk disk)
    {
        byte[] bytes = new byte[disk.Length];
        disk.ReadAt(0, bytes);
        return bytes;
    }

    /// <summary>All public properties, as deep as they go, as text: byte rows in hexadecimal digits.</summary>
    private static string Everything(object? thing, int depth = 0) => thing switch
    {
        null => string.Empty,
        byte[] bytes => Convert.ToHexString(bytes),
        string text => text,
        IEnumerable many => string.Join('\n', many.Cast<object?>().Select(one => Everything(one, depth + 1))),
        _ when depth > 8 || thing.GetType().IsPrimitive || thing is Enum or DateTime or Guid or Type => thing.ToString()!,
        _ => thing + "\n" + string.Join('\n', Readable(thing).Select(property => Everything(property.GetValue(thing), depth + 1))),
    };

    private static string MemberTexts(object thing) =>
        string.Join('\n', Readable(thing).Where(property => property.Name != "TargetSite").Select(property => $"{property.GetValue(thing)}"));

    private static IEnumerable<PropertyInfo> Readable(object thing) => thing.GetType()
        .GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0);

    private void AssertHidden(byte[] bytes) => Assert.Empty(_planted.Search.Find(bytes));

    private void AssertHidden(string text) => Assert.Empty(_planted.Search.Find(text));
}
