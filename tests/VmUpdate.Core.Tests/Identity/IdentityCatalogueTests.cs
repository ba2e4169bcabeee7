using System.Text;
using System.Text.Json;
using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.Core.Tests.Identity;

public sealed class IdentityCatalogueTests
{
    private const string Sound = """
        {
          "set": "mine",
          "title": "Mine",
          "reason": "Because.",
          "old": "carry",
          "master": "keep",
          "certainty": "I",
          "source": "me",
          "items": [
            { "kind": "registry-value", "hive": "SOFTWARE", "key": "Mine\\Own", "value": "Id" }
          ]
        }
        """;

    [Fact]
    public void The_shipped_sets_load_and_a_set_comes_after_those_it_needs()
    {
        IdentityCatalogue catalogue = IdentityCatalogue.LoadBuiltIn();

        List<string> ids = catalogue.Sets.Select(set => set.Id).ToList();
        Assert.Equal(ids.Distinct(), ids);
        Assert.True(ids.IndexOf("machine-guid") < ids.IndexOf("machine-key-names"));
        Assert.True(ids.IndexOf("domain-trust") < ids.IndexOf("windows-update"));
        Assert.All(catalogue.Sets, set => Assert.False(string.IsNullOrWhiteSpace(set.Source)));
    }

    [Theory]
    [InlineData("pair-expected.json")]
    [InlineData("pair2-expected.json")]
    public void The_shipped_verbs_are_those_of_the_expected_results(string file)
    {
        string[] ofTheTestDataOnly = ["dpapi-blobs", "dirty-hives-nobody-needs", "user-data-usrclass"];
        IdentityCatalogue catalogue = IdentityCatalogue.LoadBuiltIn();
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Corpora.PathOf("vhdx/" + file)));

        foreach (JsonElement set in expected.RootElement.GetProperty("sets").EnumerateArray())
        {
            string id = set.GetProperty("set").GetString()!;
            string verb = id is "user-data" or "dpapi-system" ? "carry" : set.GetProperty("verb").GetString()!; // "rewrap" is a way to carry
            if (!ofTheTestDataOnly.Contains(id))
            {
                string shipped = catalogue.Find(id)!.Verb.ToString();
                Assert.Equal(verb, shipped, ignoreCase: true);
            }
        }
    }

    [Fact]
    public void A_users_set_is_added_and_one_of_a_shipped_id_replaces_it()
    {
        byte[] replaced = Encoding.UTF8.GetBytes(Sound.Replace("\"mine\"", "\"tanium\""));
        IdentityCatalogue catalogue = IdentityCatalogue.Load([("a.json", Encoding.UTF8.GetBytes(Sound)), ("b.json", replaced)]);

        Assert.Equal("Mine", catalogue.Find("mine")!.Title);
        Assert.Equal("Mine", catalogue.Find("tanium")!.Title);
    }

    [Fact]
    public void A_set_may_be_switched_off_and_may_have_a_byte_order_mark_and_comments()
    {
        string text = "\uFEFF// my own\n" + Sound.Replace("\"title\"", "\"enabled\": false, \"title\"");
        IdentityCatalogue catalogue = IdentityCatalogue.Load([("a.json", Encoding.UTF8.GetBytes(text))]);

        Assert.False(catalogue.Find("mine")!.IsEnabled);
    }

    [Theory]
    [InlineData("\"old\": \"carry\",", "\"old\": \"copy\",", 5, "'copy' is not one of the words for 'old': carry, leave, ask, never.")]
    [InlineData("\"title\": \"Mine\",", "\"tittle\": \"Mine\",", 1, "the field 'title' is missing.")]
    [InlineData("\"reason\": \"Because.\",", "\"reason\": \"Because.\", \"wherefore\": \"x\",", 4, "the field 'wherefore' is unknown here.")]
    [InlineData("\"set\": \"mine\"", "\"set\": \"My set\"", 2, "'My set' is not a set's id")]
    [InlineData("\"set\": \"mine\"", "\"set\": \"mine\", \"set\": \"two\"", 2, "'set' is there twice.")]
    [InlineData("\"source\": \"me\",", "\"source\": \"me\"", 9, "it is not valid JSON")]
    [InlineData("\"source\": \"me\"", "\"source\": 3", 8, "'source' must be a text.")]
    [InlineData("\"hive\": \"SOFTWARE\"", "\"hive\": \"SOFT\"", 10, "'SOFT' is not one of the words for 'hive'")]
    [InlineData("Mine\\\\Own", "Mine\\\\\\\\Own", 10, "is not the path of a key")]
    [InlineData("\"value\": \"Id\"", "\"value\": \"Id\", \"secret\": true, \"shown\": true", 10, "cannot be both 'secret' and 'shown'")]
    [InlineData("\"kind\": \"registry-value\"", "\"kind\": \"file\", \"path\": \"..\\\\x\"", 10, "'..' is not a name")]
    [InlineData("\"kind\": \"registry-value\"", "\"kind\": \"file\", \"path\": \"**\"", 10, "would mean the whole volume")]
    [InlineData("\"kind\": \"registry-value\"", "\"kind\": \"file\", \"path\": \"a\\\\b**\"", 10, "must stand alone")]
    [InlineData("\"certainty\": \"I\",", "\"certainty\": \"I\", \"dependsOn\": [\"nobody\"],", 7, "the set 'nobody', which 'mine' names, is not in the catalogue.")]
    [InlineData("\"value\": \"Id\"", "\"value\": \"Id\", \"leak\": true", 1, "says with 'severity', 'breaks' and 'remedy' what that means")]
    [InlineData("\"value\": \"Id\"", "\"value\": \"Id\", \"counts\": \"answer-file-password\"", 10, "is not known of an item of this kind")]
    [InlineData("\"value\": \"Id\"", "\"value\": \"Id\", \"issuers\": [\"*\"]", 10, "the field 'issuers' is unknown here.")]
    [InlineData("\"value\": \"Id\"", "\"value\": \"Id\", \"old\": [\"carry\", \"never\"]", 10, "'old' must be a text.")]
    [InlineData("{ \"kind\": \"registry-value\", \"hive\": \"SOFTWARE\", \"key\": \"Mine\\\\Own\", \"value\": \"Id\" }", "{ \"kind\": \"machine-sid\" }", 10, "the machine SID is detected only")]
    [InlineData("{ \"kind\": \"registry-value\", \"hive\": \"SOFTWARE\", \"key\": \"Mine\\\\Own\", \"value\": \"Id\" }", "{ \"kind\": \"static-address\" }", 10, "on the administrator's word only")]
    [InlineData("\"certainty\": \"I\",", "\"certainty\": \"I\", \"dependsOn\": [\"tanium\"], \"conflictsWith\": [\"tanium\"],", 7, "cannot be needed and be in conflict at once")]
    public void A_bad_file_is_refused_with_its_line_and_the_reason(string sound, string bad, int line, string reason)
    {
        string text = Sound.Replace(sound, bad);
        Assert.NotEqual(Sound, text);

        var failure = Assert.Throws<IdentityException>(() => IdentityCatalogue.Load([("mine.json", Encoding.UTF8.GetBytes(text))]));

        Assert.Equal("IdentityCatalogueInvalid", failure.Code);
        Assert.Equal("mine.json", failure.Subject);
        Assert.Equal($"line {line}", failure.Place);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sets_that_need_each_other_are_refused()
    {
        string one = Sound.Replace("\"mine\"", "\"one\"").Replace("\"title\"", "\"dependsOn\": [\"two\"], \"title\"");
        string two = Sound.Replace("\"mine\"", "\"two\"").Replace("\"title\"", "\"dependsOn\": [\"one\"], \"title\"");

        var failure = Assert.Throws<IdentityException>(
            () => IdentityCatalogue.Load([("1.json", Encoding.UTF8.GetBytes(one)), ("2.json", Encoding.UTF8.GetBytes(two))]));

        Assert.Contains("one -> two -> one", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_files_of_a_user_with_the_same_set_are_refused()
    {
        byte[] json = Encoding.UTF8.GetBytes(Sound);

        var failure = Assert.Throws<IdentityException>(() => IdentityCatalogue.Load([("a.json", json), ("b.json", json)]));

        Assert.Equal("b.json", failure.Subject);
    }

    [Fact]
    public void Every_shipped_file_is_what_the_schema_says()
    {
        string folder = Path.Combine(RepositoryRoot.Path, "src", "VmUpdate.Core", "Identity", "Catalogue");
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "catalogue.schema.json")));
        string[] files = Directory.EnumerateFiles(folder, "*.json").Where(file => !file.EndsWith("schema.json", StringComparison.Ordinal)).ToArray();

        Assert.Equal(IdentityCatalogue.LoadBuiltIn().Sets.Count, files.Length);
        foreach (string file in files)
        {
            using JsonDocument shipped = JsonDocument.Parse(File.ReadAllBytes(file));
            Assert.Empty(SmallSchema.Defects(schema.RootElement, shipped.RootElement).Select(defect => $"{Path.GetFileName(file)}: {defect}"));
            Assert.Equal(Path.GetFileNameWithoutExtension(file), shipped.RootElement.GetProperty("set").GetString());
        }
    }

    [Theory]
    [InlineData("\"old\": \"carry\"", "\"old\": \"copy\"")]
    [InlineData("\"title\": \"Mine\",", "")]
    [InlineData("\"source\": \"me\"", "\"source\": 3")]
    [InlineData("\"set\": \"mine\"", "\"set\": \"My set\"")]
    [InlineData("\"value\": \"Id\"", "\"valu\": \"Id\"")]
    public void The_schema_refuses_what_the_reader_refuses(string sound, string bad)
    {
        string folder = Path.Combine(RepositoryRoot.Path, "src", "VmUpdate.Core", "Identity", "Catalogue");
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "catalogue.schema.json")));
        using JsonDocument right = JsonDocument.Parse(Sound);
        using JsonDocument wrong = JsonDocument.Parse(Sound.Replace(sound, bad));

        Assert.Empty(SmallSchema.Defects(schema.RootElement, right.RootElement));
        Assert.NotEmpty(SmallSchema.Defects(schema.RootElement, wrong.RootElement));
        Assert.Throws<IdentityException>(() => IdentityCatalogue.Load([("mine.json", Encoding.UTF8.GetBytes(Sound.Replace(sound, bad)))]));
    }

    [Fact]
    public void What_is_only_inferred_is_off_or_needs_the_administrators_word()
    {
        foreach (IdentitySet set in IdentityCatalogue.LoadBuiltIn().Sets.Where(set => set is { IsEnabled: true, IsUserData: false }))
        {
            Assert.All(set.Items.Where(item => item.Certainty == Certainty.Inferred), item =>
            {
                Assert.True(item.Old != OldVerb.Carry, $"{set.Id}: {item.Name}");
                Assert.True(item.Master != MasterVerb.Strip, $"{set.Id}: {item.Name}");
            });
        }
    }
}
